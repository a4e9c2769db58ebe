import { inWords, leftMs, whenPossible } from '../countdown.js'
import { button, el, heading, outwardLink, setText } from './element.js'
import { icon } from './icons.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'

/** A request was refused or not answered: why, what to do, and when the next try makes sense. */
export function troublePanel(actions: PanelActions, first: PanelOf<'trouble'>): PanelView<PanelOf<'trouble'>> {
  const title = heading('')
  const message = el('p', { class: 'ended-message' })
  const action = el('p', { class: 'ended-action' })
  const { main, otherWays } = first.retry
  const look = (of: typeof main) => (main === of ? 'primary' : 'quiet')
  let panel = first
  let waiting = false
  const again = button('Try again', look('again'), () => {
    if (waiting) return
    if (panel.retry.what === 'open') actions.open()
    else actions.startAgain()
  })
  const byQr = button('Use a QR code instead', look('qr'), () => actions.start(null))
  const checkNumber = button('Check the number', 'quiet', actions.putAway)
  const help = outwardLink('Get help', main === 'operator' ? 'button button-primary' : 'support')
  const mainFirst = { again: [again], qr: [byQr, again], operator: [help, again] }[main]
  const others = [...(otherWays && main !== 'qr' ? [byQr] : []), ...(otherWays ? [checkNumber] : [])]
  const element = el(
    'div',
    { class: 'panel panel-ended panel-trouble' },
    el('span', { class: 'seal seal-alert' }, icon('alert')),
    title,
    message,
    action,
    el('div', { class: 'ended-buttons' }, ...mainFirst, ...others),
    ...(main === 'operator' ? [] : [help]),
  )

  function tick(now: number): void {
    const { notBefore } = panel.retry
    const left = leftMs(notBefore, now)
    if (waiting && left === 0) actions.announce('You can try again now.')
    waiting = left > 0
    again.setAttribute('aria-disabled', String(waiting))
    setText(again, waiting ? `Try again ${whenPossible(notBefore, now)}` : 'Try again')
  }

  const left = leftMs(first.retry.notBefore, Date.now())
  if (left > 0) actions.announce(`Please wait ${inWords(left)} before the next try.`)

  return {
    element,
    heading: title,
    update(next) {
      panel = next
      setText(title, next.title)
      setText(message, next.message)
      setText(action, next.action)
      help.hidden = next.supportUrl === null
      if (next.supportUrl !== null) help.href = next.supportUrl
      tick(Date.now())
    },
    tick,
  }
}
