import { inWords, leftMs, minutesAndSeconds } from '../countdown.js'
import type { Shown } from '../attempt.js'
import { el, setText } from './element.js'
import { countdownRing } from './ring.js'

/** When to remind listeners, who do not see the countdown. */
const REMINDER_MS = 30_000

export interface Timers {
  readonly element: HTMLElement
  /** @returns milliseconds left of what is on show; null while unknown */
  tick(now: number, shown: Shown | null, expiresAt: number | null): number | null
}

export interface TimersDeps {
  announce: (text: string) => void
  ranOut: () => void
  texts: {
    /** While nothing is on show yet. */
    waiting: string
    /** While it is valid. */
    running: string
    /** Once its time is over. */
    over: string
    /** Said to listeners with the time that is left. */
    reminder: string
  }
}

/** A ring for what is on show, and the time left in all. */
export function timersView({ announce, ranOut, texts }: TimersDeps): Timers {
  const ring = countdownRing()
  const line = el('span', { class: 'timer-code' })
  const total = el('span', { class: 'timer-total' })
  let over: string | null = null
  let reminded = false

  function remind(left: number): void {
    if (reminded || left === 0 || left > REMINDER_MS) return
    reminded = true
    announce(`${inWords(left)} ${texts.reminder}`)
  }

  return {
    // No live region: a countdown read out every second would drown everything else.
    element: el('div', { class: 'timers', role: 'timer', 'aria-live': 'off' }, ring.element, el('p', {}, line, total)),
    tick(now, shown, expiresAt) {
      const left = shown?.runsOutAt ? leftMs(shown.runsOutAt, now) : null
      if (shown && left !== null) ring.show(left / shown.spanMs, String(Math.ceil(left / 1000)))
      else ring.show(shown ? 1 : 0, '')
      setText(line, shown === null ? texts.waiting : left === 0 ? texts.over : texts.running)
      if (shown && left === 0 && over !== shown.content) {
        over = shown.content
        ranOut()
      }
      const all = expiresAt === null ? null : leftMs(expiresAt, now)
      setText(total, all === null ? '' : `Time left: ${minutesAndSeconds(all)}`)
      if (all !== null) remind(all)
      return left
    },
  }
}
