import { button, el, heading, setText } from './element.js'
import { codePlate } from './code-plate.js'
import { icon } from './icons.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'
import { timersView } from './timers.js'

const TEXTS = {
  waiting: 'Waiting for the code',
  running: 'Until this code runs out',
  over: 'This code has run out',
  reminder: 'left to enter the code.',
}
const ENTERED = 'Your phone has answered. If it says that the code is wrong, type the code again.'

/** Step 1 by code: the code, whose it is, where it is typed, and what it must never be used for. */
export function codePanel(actions: PanelActions): PanelView<PanelOf<'code'>> {
  const title = heading('Enter this code on your phone')
  const owner = el('p', { class: 'code-owner' })
  const plate = codePlate(actions.announce)
  const entered = el('p', { class: 'code-entered', role: 'status' })
  const timers = timersView({ announce: actions.announce, ranOut: actions.ranOut, texts: TEXTS })
  const cancel = button('Cancel', 'quiet', actions.cancel)
  const other = button('Use a QR code instead', 'plain', () => actions.start(null))
  const element = el(
    'div',
    { class: 'panel panel-code' },
    title,
    owner,
    plate.element,
    entered,
    el(
      'p',
      { class: 'how' },
      'Open WhatsApp → Settings → Linked Devices → Link a device → Link with phone number instead',
    ),
    el(
      'p',
      { class: 'warning' },
      icon('shield'),
      el(
        'span',
        {},
        el('strong', {}, 'Only type this code if you started this yourself, on this page.'),
        ' Nobody from support will ever ask you to. Whoever gives you a code to type wants your account.',
      ),
    ),
    el('div', { class: 'scan-foot' }, timers.element, cancel),
    other,
  )
  let panel: PanelOf<'code'> | null = null

  function tick(now: number): void {
    const left = timers.tick(now, panel?.shown ?? null, panel?.expiresAt ?? null)
    plate.setOver(left === 0)
  }

  return {
    element,
    heading: title,
    update(next) {
      panel = next
      setText(owner, next.number ? `For ${next.number.international}` : 'For the number you typed')
      plate.show(next.shown?.content ?? null)
      setText(entered, next.entered ? ENTERED : '')
      cancel.setAttribute('aria-disabled', String(next.cancelling))
      setText(cancel, next.cancelling ? 'Cancelling…' : 'Cancel')
      other.classList.toggle('not-yet', next.shown === null || next.cancelling)
      tick(Date.now())
    },
    tick,
  }
}
