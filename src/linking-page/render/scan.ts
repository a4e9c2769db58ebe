import { inWords, leftMs, minutesAndSeconds } from '../countdown.js'
import { button, el, heading, setText } from './element.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'
import { qrPlate } from './qr.js'
import { countdownRing } from './ring.js'

/** When to remind listeners, who do not see the countdown. */
const REMINDER_MS = 30_000

/** Step 1 by QR: the live code, how long it lasts, and how long there is left in all. */
export function scanPanel(actions: PanelActions): PanelView<PanelOf<'scan'>> {
  const title = heading('Scan QR Code with WhatsApp Phone')
  const plate = qrPlate()
  const ring = countdownRing()
  const codeLeft = el('span', { class: 'timer-code' })
  const totalLeft = el('span', { class: 'timer-total' })
  // No live region: a countdown read out every second would drown everything else.
  const timers = el(
    'div',
    { class: 'timers', role: 'timer', 'aria-live': 'off' },
    ring.element,
    el('p', {}, codeLeft, totalLeft),
  )
  const cancel = button('Cancel', 'quiet', actions.cancel)
  const element = el(
    'div',
    { class: 'panel panel-scan' },
    title,
    el('p', { class: 'how' }, 'Open WhatsApp → Settings → Linked Devices → Scan this QR'),
    plate.element,
    el('div', { class: 'scan-foot' }, timers, cancel),
  )
  let panel: PanelOf<'scan'> | null = null
  let ranOut: string | null = null
  let reminded = false

  function tickQr(now: number): void {
    const qr = panel?.qr ?? null
    const left = qr?.runsOutAt ? leftMs(qr.runsOutAt, now) : null
    if (!qr || left === null) {
      ring.show(qr ? 1 : 0, '')
      setText(codeLeft, qr ? 'The code refreshes by itself' : 'Waiting for the first code')
      return
    }
    ring.show(left / qr.spanMs, String(Math.ceil(left / 1000)))
    setText(codeLeft, left > 0 ? 'The code refreshes by itself' : 'Getting a new code')
    plate.cover(left > 0 ? null : 'Getting a new code…')
    if (left === 0 && ranOut !== qr.picture) {
      ranOut = qr.picture
      actions.qrRanOut()
    }
  }

  return {
    element,
    heading: title,
    update(next) {
      panel = next
      plate.show(next.qr?.picture ?? null)
      plate.element.classList.toggle('qr-waiting', next.qr === null)
      if (!next.qr?.runsOutAt) plate.cover(null)
      cancel.setAttribute('aria-disabled', String(next.cancelling))
      setText(cancel, next.cancelling ? 'Cancelling…' : 'Cancel')
    },
    tick(now) {
      tickQr(now)
      const until = panel?.expiresAt ?? null
      const left = until === null ? null : leftMs(until, now)
      setText(totalLeft, left === null ? '' : `Time left: ${minutesAndSeconds(left)}`)
      if (left !== null && left > 0 && left <= REMINDER_MS && !reminded) {
        reminded = true
        actions.announce(`${inWords(left)} left to scan the code.`)
      }
    },
  }
}
