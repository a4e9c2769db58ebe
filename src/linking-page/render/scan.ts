import { button, el, heading, setText } from './element.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'
import { qrPlate } from './qr.js'
import { timersView } from './timers.js'

const TEXTS = {
  waiting: 'Waiting for the first code',
  running: 'The code refreshes by itself',
  over: 'Getting a new code',
  reminder: 'left to scan the code.',
}

/** Step 1 by QR: the live code, how long it lasts, and how long there is left in all. */
export function scanPanel(actions: PanelActions): PanelView<PanelOf<'scan'>> {
  const title = heading('Scan QR Code with WhatsApp Phone')
  const plate = qrPlate()
  const timers = timersView({ announce: actions.announce, ranOut: actions.ranOut, texts: TEXTS })
  const cancel = button('Cancel', 'quiet', actions.cancel)
  const other = button('Use a pairing code instead', 'plain', () => actions.wantNumber(true))
  const element = el(
    'div',
    { class: 'panel panel-scan' },
    title,
    el('p', { class: 'how' }, 'Open WhatsApp → Settings → Linked Devices → Scan this QR'),
    plate.element,
    el('div', { class: 'scan-foot' }, timers.element, cancel),
    other,
  )
  let panel: PanelOf<'scan'> | null = null

  return {
    element,
    heading: title,
    update(next) {
      panel = next
      plate.show(next.shown?.content ?? null)
      plate.element.classList.toggle('qr-waiting', next.shown === null)
      if (!next.shown?.runsOutAt) plate.cover(null)
      cancel.setAttribute('aria-disabled', String(next.cancelling))
      setText(cancel, next.cancelling ? 'Cancelling…' : 'Cancel')
      // there is nothing to change over from before the server has answered, but its place is kept
      other.classList.toggle('not-yet', next.shown === null || next.cancelling)
    },
    tick(now) {
      const left = timers.tick(now, panel?.shown ?? null, panel?.expiresAt ?? null)
      if (left !== null) plate.cover(left > 0 ? null : 'Getting a new code…')
    },
  }
}
