import { button, el, heading } from './element.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'

/** The way to a code while an attempt by QR is under way, which goes on until the code is asked for. */
export function numberPanel(actions: PanelActions): PanelView<PanelOf<'number'>> {
  const title = heading('Use a pairing code instead')
  const element = el(
    'div',
    { class: 'panel panel-number' },
    title,
    el('p', { class: 'how' }, 'You type a short code into WhatsApp on your phone; no camera is needed.'),
    actions.numberForm.element,
    button('Back to the QR code', 'quiet', () => actions.wantNumber(false)),
  )
  return { element, heading: title, update: () => actions.numberForm.show(null) }
}
