import { accountSection } from './account.js'
import { button, el, heading, outwardLink, setText } from './element.js'
import { icon } from './icons.js'
import { reasonNote } from './note.js'
import type { PanelActions, PanelOf, PanelView } from './panel-view.js'

const HANDED_OFF = { title: 'All set', lead: 'Delivered to WhatsApp. Check your own chat:' }
const MANAGED = {
  title: 'Setup Complete!',
  lead: 'Your account is linked and stays connected to this gateway. Check your own chat:',
}
/** Managed once: without the server's word that it still is, nothing is said about it. */
const MANAGED_AWAY = { title: 'Setup Complete!', lead: 'Your account was linked. Check your own chat:' }

/** Without WhatsApp's word that both messages arrived, the page claims a link and no delivery. */
const UNCONFIRMED = { title: 'Your account is linked', lead: 'Check your own chat. If all went well, you find there:' }

/** The end of a successful attempt. The session ID itself is only on the phone. */
export function completePanel(actions: PanelActions): PanelView<PanelOf<'complete'>> {
  const title = heading('')
  const lead = el('p', { class: 'how' })
  const note = reasonNote()
  const account = accountSection(actions)
  const support = outwardLink('Get support', 'support')
  const supportLine = el('p', { hidden: '' }, support)
  const element = el(
    'div',
    { class: 'panel panel-complete' },
    el('span', { class: 'seal seal-done' }, icon('check')),
    title,
    lead,
    el(
      'ol',
      { class: 'messages' },
      el('li', { class: 'bubble' }, el('strong', {}, 'Message 1'), ' is your session ID.'),
      el('li', { class: 'bubble' }, el('strong', {}, 'Message 2'), ' tells you what to do next.'),
    ),
    el(
      'p',
      { class: 'keep-secret' },
      icon('key'),
      el(
        'span',
        {},
        el('strong', {}, 'Keep it secret.'),
        ' Whoever has your session ID can use your WhatsApp account. Never forward it or post it.',
      ),
    ),
    note.element,
    account.element,
    supportLine,
    button('Link another account', 'quiet', actions.putAway),
  )
  return {
    element,
    heading: title,
    update(panel) {
      const texts = textsOf(panel)
      setText(title, texts.title)
      setText(lead, texts.lead)
      note.show(panel.note)
      account.show(panel)
      supportLine.hidden = panel.supportUrl === null
      if (panel.supportUrl) support.href = panel.supportUrl
    },
    tick: now => account.tick(now),
  }
}

function textsOf({ mode, can, note }: PanelOf<'complete'>): { title: string; lead: string } {
  if (note?.code.startsWith('delivery_') === true) return UNCONFIRMED
  if (mode === 'handed_off') return HANDED_OFF
  return can.length > 0 ? MANAGED : MANAGED_AWAY
}
