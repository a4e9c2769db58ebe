import { el, setText } from '../../../linking-page/render/element.js'
import type { MessageView } from '../../view.js'
import { keyedList } from '../keyed-list.js'
import { numberInWords } from '../words.js'
import { bubble } from './bubble.js'
import { composer } from './composer.js'
import { avatar, iconButton, screenHeading } from './parts.js'
import type { Screen, ScreenDeps } from './screen.js'

/** How far from its end a chat may be scrolled and still follow new messages; in pixels. */
const NEAR_END = 80

/** One chat: its bubbles, and a box to write in. What arrives while it is open is read. */
export function chatScreen(deps: ScreenDeps, partner: string): Screen {
  const heading = screenHeading('')
  const letter = avatar('')
  const about = el('p', { class: 'chat-about' })
  const back = iconButton('back', 'Back to the chats', () => deps.go({ kind: 'chats' }))
  const empty = el('p', { class: 'empty' })
  const list = el('ol', { class: 'bubbles' })
  const scroller = el('div', { class: 'scroller scroller-chat', tabindex: '0', role: 'log' }, empty, list)
  const box = composer({ send: text => deps.api.send(deps.phoneNumber, partner, text) })
  const element = el(
    'div',
    { class: 'screen-body' },
    el('div', { class: 'screen-head' }, back, letter, el('div', { class: 'chat-who' }, heading, about)),
    scroller,
    box.element,
  )
  let partnerName = ''
  const draw = keyedList<MessageView>(
    list,
    message => `${String(message.fromMe)} ${message.id}`,
    message => bubble(message, message.fromMe ? 'You' : partnerName),
  )
  let reading = false
  let drawn = -1

  async function markRead(): Promise<void> {
    if (reading || document.hidden) return
    reading = true
    // Not being able to is no news for the person; the next view tries again.
    await deps.api.read(deps.phoneNumber, partner).catch(() => {})
    reading = false
  }

  return {
    element,
    heading,
    update(phone, all) {
      const own = partner === phone.phoneNumber
      const chat = phone.chats.find(each => each.with === partner)
      const messages = chat?.messages ?? []
      partnerName = all.find(each => each.phoneNumber === partner)?.name ?? numberInWords(partner)
      setText(heading, own ? `${partnerName} (You)` : partnerName)
      setText(letter, partnerName.slice(0, 1))
      setText(about, own ? 'Message yourself' : numberInWords(partner))
      setText(empty, own ? 'What a linked device sends you arrives here.' : `Say hello to ${partnerName}.`)
      scroller.setAttribute('aria-label', `Chat with ${own ? 'yourself' : partnerName}`)
      empty.hidden = messages.length > 0
      box.setOnline(phone.online)
      const atEnd = drawn < 0 || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END
      draw(messages)
      if (atEnd && messages.length !== drawn) scroller.scrollTop = scroller.scrollHeight
      drawn = messages.length
      if ((chat?.unread ?? 0) > 0 && phone.online && scroller.checkVisibility()) void markRead()
    },
  }
}
