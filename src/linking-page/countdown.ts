/** Milliseconds until a time (`Date.now()` clock), never below zero. */
export function leftMs(until: number, now: number): number {
  return Math.max(0, until - now)
}

/** `1:05` for 65 s; rounded up, so that 0:00 appears only when nothing is left. */
export function minutesAndSeconds(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** `1 minute 5 seconds` for 65 s, for texts that are read aloud. */
export function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  const parts = [count(Math.floor(seconds / 60), 'minute'), count(seconds % 60, 'second')].filter(part => part !== '')
  return parts.join(' ') || '0 seconds'
}

function count(n: number, unit: string): string {
  if (n === 0) return ''
  return n === 1 ? `1 ${unit}` : `${n} ${unit}s`
}

export interface Ticker {
  close(): void
}

/** Calls back four times a second, often enough that a shown second is never skipped. */
export function createTicker(onTick: (now: number) => void, now: () => number): Ticker {
  const timer = setInterval(() => onTick(now()), 250)
  return { close: () => clearInterval(timer) }
}
