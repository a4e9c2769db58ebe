const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Milliseconds until a time (`Date.now()` clock), never below zero. */
export function leftMs(until: number, now: number): number {
  return Math.max(0, until - now)
}

/** `1:05` for 65 s; rounded up, so that 0:00 appears only when nothing is left. */
export function minutesAndSeconds(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/**
 * When something is possible that is not yet: `in 1:05`, or the time of day when that is more than an hour away: `at 16:40`,
 * `tomorrow at 0:10`. Never a minute too early.
 */
export function whenPossible(at: number, now: number): string {
  const left = leftMs(at, now)
  if (left <= HOUR_MS) return `in ${minutesAndSeconds(left)}`
  const then = new Date(Math.ceil(at / MINUTE_MS) * MINUTE_MS)
  const clock = then.toLocaleTimeString(undefined, { hour: 'numeric', minute: '2-digit' })
  return then.getDate() === new Date(now).getDate() ? `at ${clock}` : `tomorrow at ${clock}`
}

/** The time of day with its seconds, as the visitor's own language writes it. */
export function timeOfDay(at: number): string {
  return new Date(at).toLocaleTimeString()
}

/** `1 minute 5 seconds` for 65 s, for texts that are read aloud. */
export function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const parts = [count(hours, 'hour'), count(minutes, 'minute'), count(seconds % 60, 'second')]
  return parts.filter(part => part !== '').join(' ') || '0 seconds'
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
