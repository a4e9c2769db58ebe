import { el, setText } from '../../../linking-page/render/element.js'
import type { PhoneView } from '../../view.js'
import { keyedList, type KeyedView } from '../keyed-list.js'
import { numberInWords } from '../words.js'
import { avatar, iconButton, screenHeading } from './parts.js'
import type { Screen, ScreenDeps } from './screen.js'

/** Whom this phone can write to: everybody else's. */
export function contactsScreen(deps: ScreenDeps): Screen {
  const heading = screenHeading('New chat')
  const list = el('ul', { class: 'rows' })
  const back = iconButton('back', 'Back to the chats', () => deps.go({ kind: 'chats' }))
  const element = el(
    'div',
    { class: 'screen-body' },
    el('div', { class: 'screen-head' }, back, heading),
    el('div', { class: 'scroller' }, list),
  )
  const drawRows = keyedList<PhoneView>(
    list,
    contact => contact.phoneNumber,
    contact => contactRow(deps, contact),
  )
  return {
    element,
    heading,
    update: (phone, all) => drawRows(all.filter(other => other.phoneNumber !== phone.phoneNumber)),
  }
}

function contactRow(deps: ScreenDeps, { phoneNumber, name }: PhoneView): KeyedView<PhoneView> {
  const title = el('span', { class: 'row-title' })
  const number = el('span', { class: 'row-preview' }, numberInWords(phoneNumber))
  const row = el(
    'button',
    { type: 'button', class: 'row' },
    avatar(name),
    el('span', { class: 'row-text' }, title, number),
  )
  row.addEventListener('click', () => deps.go({ kind: 'chat', with: phoneNumber }))
  return { element: el('li', {}, row), update: contact => setText(title, contact.name) }
}
