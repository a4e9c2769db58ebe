import type { LinkMethod } from '../../contract/linking.js'
import { button, el, heading, setText } from './element.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'

const COMES: Record<LinkMethod, string> = {
  qr: 'Keep this page open. Your QR code appears here by itself as soon as it is your turn.',
  code: 'Keep this page open. Your pairing code appears here by itself as soon as it is your turn.',
}

/** Every place is taken: how many are before this visitor, and what is known of how long others may take. */
export function queuePanel(actions: PanelActions): PanelView<PanelOf<'queue'>> {
  const title = heading('Waiting for a free place')
  const number = el('p', { class: 'place', 'aria-hidden': 'true' })
  const line = el('p', { class: 'place-line' })
  const comes = el('p', { class: 'how' })
  const moves = el('p', { class: 'how' }, 'Nobody keeps a place for long: every code runs out within three minutes.')
  const cancel = button('Cancel', 'quiet', actions.cancel)
  const element = el('div', { class: 'panel panel-queue' }, title, number, line, comes, moves, cancel)
  let told: number | null = null
  return {
    element,
    heading: title,
    update({ place, method, cancelling }) {
      setText(number, place === null ? '…' : String(place))
      setText(line, inLine(place))
      setText(comes, COMES[method])
      if (place !== null && told !== null && told !== place) actions.announce(inLine(place))
      told = place ?? told
      cancel.setAttribute('aria-disabled', String(cancelling))
      setText(cancel, cancelling ? 'Cancelling…' : 'Cancel')
    },
  }
}

function inLine(place: number | null): string {
  if (place === null) return 'You are in the queue.'
  return place === 1 ? 'You are next.' : `You are number ${place} in the queue.`
}
