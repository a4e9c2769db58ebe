import { existsSync } from 'node:fs'

const preload = new URL('./shifted-clock.mjs', import.meta.url).href

/** Where Debian's package faketime puts its library, on the usual processors. */
const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  processor => `/usr/lib/${processor}/faketime/libfaketime.so.1`,
)

/** What makes a process take it to be so many milliseconds later, or earlier. Its monotonic clock goes on as it is. */
export function wrongClock(byMs: number): Record<string, string> {
  const library = libraries.find(existsSync)
  if (library === undefined) return { NODE_OPTIONS: `--import ${preload}`, CLOCK_SHIFT_MS: String(byMs) }
  const offset = `${byMs < 0 ? '-' : '+'}${Math.abs(byMs) / 1_000}`
  return { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' }
}

/** The same from SIGUSR2 on, and no longer from the next one on: somebody sets the machine's clock. */
export function steppedClock(byMs: number): Record<string, string> {
  return { NODE_OPTIONS: `--import ${preload}`, CLOCK_SHIFT_MS: String(byMs), CLOCK_STEPS: '1' }
}
