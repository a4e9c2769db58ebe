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
