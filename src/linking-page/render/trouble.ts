import { inWords, leftMs, minutesAndSeconds } from '../countdown.js'
import { button, el, heading, outwardLink, setText } from './element.js'
import { icon } from './icons.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'

/** A request was refused or not answered: why, what to do, and when the next try makes sense. */
export function troublePanel(actions: PanelActions): PanelView<PanelOf<'trouble'>> {
  const title = heading('')
  const message = el('p', { class: 'ended-message' })
  const action = el('p', { class: 'ended-action' })
  const help = outwardLink('Get help', 'support')
  const helpFirst = outwardLink('Get help', 'button button-primary')
  let panel: PanelOf<'trouble'> | null = null
  let waiting = false
  const again = button('Try again', 'primary', () => {
    if (waiting || !panel) return
    if (panel.retry.what === 'open') actions.open()
    else actions.startAgain()
  })
  const byQr = button('Use a QR code instead', 'primary', () => actions.start(null))
  const element = el(
    'div',
    { class: 'panel panel-ended panel-trouble' },
    el('span', { class: 'seal seal-alert' }, icon('alert')),
    title,
    message,
    action,
    el('div', { class: 'ended-buttons' }, byQr, helpFirst, again),
    help,
  )

  function tick(now: number): void {
    if (!panel) return
    const left = leftMs(panel.retry.notBefore, now)
    if (waiting && left === 0) actions.announce('You can try again now.')
    waiting = left > 0
    again.setAttribute('aria-disabled', String(waiting))
    setText(again, waiting ? `Try again in ${minutesAndSeconds(left)}` : 'Try again')
  }

  return {
    element,
    heading: title,
    update(next) {
      const first = panel === null
      panel = next
      setText(title, next.title)
      setText(message, next.message)
      setText(action, next.action)
      const { main } = next.retry
      byQr.hidden = main !== 'qr'
      helpFirst.hidden = main !== 'operator'
      again.className = `button button-${main === 'again' ? 'primary' : 'quiet'}`
      help.hidden = next.supportUrl === null || main === 'operator'
      if (next.supportUrl !== null) helpFirst.href = help.href = next.supportUrl
      const left = leftMs(next.retry.notBefore, Date.now())
      if (first && left > 0) actions.announce(`Please wait ${inWords(left)} before the next try.`)
      tick(Date.now())
    },
    tick,
  }
}
