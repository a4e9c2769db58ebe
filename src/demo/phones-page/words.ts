/** `254700000011` as `+254 700 000 011`. */
export function numberInWords(phoneNumber: string): string {
  return `+${phoneNumber.replace(/^(\d{3})(\d{3})(\d{3})(\d+)$/, '$1 $2 $3 $4')}`
}

/** What was typed of a pairing code, in the form in which the linking page shows it. */
export function codeInWords(typed: string): string {
  const letters = typed
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .slice(0, 8)
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters
}

const DAY_MS = 24 * 60 * 60 * 1000
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const dayAndClock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

export const timeOfDay = (at: number): string => clock.format(at)
export const dateAndTime = (at: number): string => dayAndClock.format(at)

/** The time for today, else the day. */
export function shortTime(at: number, now: number): string {
  const sameDay = now - at < DAY_MS && new Date(at).getDate() === new Date(now).getDate()
  return sameDay ? clock.format(at) : day.format(at)
}

/** A text without spaces and this long is not for reading: it is shown whole, and can be copied with one press. */
const TOKEN = /^\S{120,}$/

export const isToken = (text: string): boolean => TOKEN.test(text)
