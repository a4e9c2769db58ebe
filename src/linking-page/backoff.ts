/**
 * Capped exponential backoff with full jitter, so that many browsers do not return at the same moment.
 *
 * @param attempt 0 for the first wait
 * @returns milliseconds to wait, at least 250
 */
export function backoffMs(attempt: number, capMs: number, random: () => number): number {
  const ceiling = Math.min(capMs, 1000 * 2 ** Math.min(attempt, 16))
  return Math.max(250, Math.round(ceiling * random()))
}
