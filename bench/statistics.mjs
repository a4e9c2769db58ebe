/**
 * What the samples of one figure say. p95 is the nearest rank: a value that was really measured.
 *
 * @param {number[]} samples
 */
export function summary(samples) {
  const sorted = samples.toSorted((a, b) => a - b)
  return {
    median: round(median(sorted)),
    p95: round(sorted[Math.ceil(sorted.length * 0.95) - 1]),
    min: round(sorted[0]),
    max: round(sorted.at(-1)),
    samples: sorted.length,
  }
}

/**
 * Nearest rank, as in `summary`; of fewer than a hundred samples p99 is the slowest. Null where there is no sample.
 *
 * @param {number[]} samples
 */
export function percentiles(samples) {
  if (samples.length === 0) return { p50: null, p99: null, max: null }
  const sorted = samples.toSorted((a, b) => a - b)
  return {
    p50: round(median(sorted)),
    p99: round(sorted[Math.ceil(sorted.length * 0.99) - 1]),
    max: round(sorted.at(-1)),
  }
}

function median(sorted) {
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Two sides measured in pairs. The median of the pairs' own differences is the sturdiest figure on a shared machine: what disturbs one
 * half of a pair usually disturbs the other.
 *
 * @param {number[]} product
 * @param {number[]} raw in the order of `product`
 */
export function comparison(product, raw) {
  const sides = { product: summary(product), raw: summary(raw) }
  return {
    ...sides,
    difference: {
      median: round(sides.product.median - sides.raw.median),
      p95: round(sides.product.p95 - sides.raw.p95),
      ofPairs: summary(product.map((value, index) => value - raw[index])),
    },
    ratio: {
      median: round(sides.product.median / sides.raw.median),
      p95: round(sides.product.p95 / sides.raw.p95),
    },
  }
}

export const round = value => Math.round(value * 100) / 100
