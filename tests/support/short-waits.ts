/**
 * Timers of exactly these lengths, in milliseconds, ring after the given shorter time until disposed of; all others keep theirs.
 * What happens when a wait ends can so be shown without waiting, with the timers that really run.
 */
export function shortWaits(lengths: ReadonlyMap<number, number>): Disposable {
  const original = globalThis.setTimeout
  const shortened = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
    original(callback, lengths.get(ms ?? 0) ?? ms, ...args)
  globalThis.setTimeout = Object.assign(shortened, original) as typeof setTimeout
  return {
    [Symbol.dispose]() {
      globalThis.setTimeout = original
    },
  }
}
