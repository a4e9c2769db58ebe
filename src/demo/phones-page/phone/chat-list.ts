import { button, el, setText } from '../../../linking-page/render/element.js'
import type { ChatView } from '../../view.js'
import { icon } from '../icons.js'
import { keyedList, type KeyedView } from '../keyed-list.js'
import { isToken, shortTime } from '../words.js'
import { avatar, screenHeading } from './parts.js'
import type { Screen, ScreenDeps } from './screen.js'

/** The phone's first screen: every chat with its last message, and the way to link a device as long as there is none. */
export function chatListScreen(deps: ScreenDeps): Screen {
  const heading = screenHeading('Chats')
  const newChat = button('New chat', 'quiet', () => deps.go({ kind: 'contacts' }))
  newChat.classList.add('button-small')
  const invitation = el(
    'div',
    { class: 'invitation' },
    el(
      'p',
      {},
      'Start on the linking page, then scan its code with this phone, or type the code it shows for this number.',
    ),
    linkButton(deps),
  )
  const list = el('ul', { class: 'rows' })
  const element = el(
    'div',
    { class: 'screen-body' },
    el('div', { class: 'screen-head' }, heading, newChat),
    el('div', { class: 'scroller' }, list, invitation),
  )
  const drawRows = keyedList<ChatView>(
    list,
    chat => chat.with,
    chat => chatRow(deps, chat),
  )
  return {
    element,
    heading,
    update(phone) {
      invitation.hidden = phone.devices.length > 0
      drawRows(phone.chats)
    },
  }
}

export function linkButton(deps: ScreenDeps): HTMLButtonElement {
  const element = button('', 'primary', () => deps.go({ kind: 'scan' }))
  element.append(icon('scan'), 'Link a device')
  return element
}

function chatRow(deps: ScreenDeps, chat: ChatView): KeyedView<ChatView> {
  const title = el('span', { class: 'row-title' })
  const time = el('span', { class: 'row-time' })
  const preview = el('span', { class: 'row-preview' })
  const count = el('span', { class: 'count' })
  const text = el('span', { class: 'row-text' }, title, time, preview, count)
  const row = el('button', { type: 'button', class: 'row' }, avatar(chat.name), text)
  row.addEventListener('click', () => deps.go({ kind: 'chat', with: chat.with }))
  return {
    element: el('li', {}, row),
    update(now) {
      const last = now.messages.at(-1)
      const unread = deps.unreadIn(now.with)
      setText(title, now.own ? `${now.name} (You)` : now.name)
      setText(time, last ? shortTime(last.at, Date.now()) : '')
      setText(preview, last ? previewOf(last.text) : 'Message yourself')
      count.hidden = unread === 0
      setText(count, unread === 0 ? '' : String(unread))
      count.setAttribute('aria-label', `${unread} new`)
      row.classList.toggle('row-unread', unread > 0)
    },
  }
}

function previewOf(text: string | null): string {
  if (text === null) return 'Message'
  const line = text.split('\n').find(part => part.trim() !== '') ?? ''
  return isToken(line) ? `${line.slice(0, 24)}…` : line.replaceAll('*', '')
}
