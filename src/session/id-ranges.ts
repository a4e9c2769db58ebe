/** Pre-key ids as a list that stays short: single ids, and runs of three or more as first and last (both included). */
export type IdRange = number | readonly [first: number, last: number]

type Run = { first: number; last: number }

/** A set of whole numbers that come in runs: WhatsApp gives pre-keys out nearly in order. */
export class IdRanges {
  /** Ascending, apart from each other by one id at least. */
  #runs: Run[] = []

  constructor(ranges: Iterable<IdRange> = []) {
    for (const range of ranges) this.add(range)
  }

  add(range: IdRange): void {
    const { first, last } = runOf(range)
    const from = this.#find(first - 1)
    let to = from
    let merged = { first, last }
    for (let run = this.#runs[to]; run !== undefined && run.first <= last + 1; run = this.#runs[++to])
      merged = { first: Math.min(merged.first, run.first), last: Math.max(merged.last, run.last) }
    this.#runs.splice(from, to - from, merged)
  }

  has(id: number): boolean {
    const run = this.#runs[this.#find(id)]
    return run !== undefined && run.first <= id
  }

  /** Every run, ascending, single ids among them. */
  runs(): readonly Readonly<Run>[] {
    return this.#runs
  }

  list(): IdRange[] {
    return this.#runs.flatMap(({ first, last }): IdRange[] => {
      if (first === last) return [first]
      return last === first + 1 ? [first, last] : [[first, last]]
    })
  }

  /** Index of the first run that ends at `id` or later. */
  #find(id: number): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#runs[middle]?.last ?? 0) < id) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function runOf(range: IdRange): Run {
  return typeof range === 'number' ? { first: range, last: range } : { first: range[0], last: range[1] }
}
