import type { LinkMethod } from '../../contract/linking.js'
import { accountSection } from './account.js'
import { button, el, heading, outwardLink, setText } from './element.js'
import { icon } from './icons.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'

/** Expired, cancelled, failed, unlinked, out of use or forgotten: what happened, what to do, and one main button. */
export function endedPanel(actions: PanelActions, first: PanelOf<'ended'>): PanelView<PanelOf<'ended'>> {
  let panel = first
  const title = heading('')
  const message = el('p', { class: 'ended-message' })
  const action = el('p', { class: 'ended-action' })
  const hint = el('p', { class: 'hint', hidden: '' })
  const account = accountSection(actions)
  const help = outwardLink('Get help', 'button button-primary')
  const main = button('', 'primary', pressMain)
  const besides = first.told.besides === undefined ? [] : [otherButton(actions, first.told.besides, first.method)]
  const toned = first.told.icon === 'clock' || first.told.icon === 'stop' ? 'seal-quiet' : 'seal-alert'
  const element = el(
    'div',
    { class: `panel panel-ended panel-ended-${first.key.split(' ')[0] ?? ''}` },
    el('span', { class: `seal ${toned}` }, icon(first.told.icon)),
    title,
    message,
    action,
    hint,
    account.element,
    el('div', { class: 'ended-buttons' }, help, main, ...besides),
  )

  function pressMain(): void {
    const { next } = panel.told
    if (next === 'number' || next === 'home') actions.putAway()
    else if (next === 'qr' || panel.method === 'qr') actions.start(null)
    // after a reload the number is no longer known here
    else if (panel.number === null) actions.putAway()
    else actions.start(panel.number)
  }

  return {
    element,
    heading: title,
    update(next) {
      panel = next
      const { told, supportUrl } = next
      setText(title, told.title)
      setText(message, told.message)
      setText(action, told.action)
      setText(hint, told.hint ?? '')
      hint.hidden = told.hint === null
      account.show(next)
      const helped = told.next === 'operator' && supportUrl !== null
      help.hidden = !helped
      if (supportUrl !== null) help.href = supportUrl
      main.className = `button button-${helped ? 'quiet' : 'primary'}`
      setText(main, MAIN[told.next])
    },
    tick: now => account.tick(now),
  }
}

function otherButton(
  { start, chooseWay, putAway }: PanelActions,
  which: 'other way' | 'number',
  method: LinkMethod,
): HTMLButtonElement {
  if (which === 'number') return button('Check the number', 'quiet', putAway)
  if (method === 'code') return button('Use a QR code instead', 'quiet', () => start(null))
  return button('Use a pairing code instead', 'quiet', () => {
    chooseWay('code')
    putAway()
  })
}

const MAIN = {
  again: 'Start again',
  qr: 'Use a QR code instead',
  number: 'Check the number',
  operator: 'Start again',
  home: 'Link an account',
}
