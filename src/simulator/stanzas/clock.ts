/** Seconds since the epoch, as every `t` attribute counts. */
export function now(): number {
  return Math.floor(Date.now() / 1000)
}
