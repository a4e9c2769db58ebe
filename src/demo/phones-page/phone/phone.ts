import { el, setText } from '../../../linking-page/render/element.js'
import type { PhoneView } from '../../view.js'
import { sentenceOf } from '../api.js'
import { icon, type IconName } from '../icons.js'
import { newsDot } from '../sides.js'
import { numberInWords } from '../words.js'
import { chatListScreen } from './chat-list.js'
import { chatScreen } from './chat.js'
import { codeNotice } from './code-notice.js'
import { contactsScreen } from './contacts.js'
import { devicesScreen } from './devices.js'
import { enterCodeScreen } from './enter-code.js'
import { avatar, complaint } from './parts.js'
import { scanScreen } from './scan.js'
import type { Place, Screen, ScreenDeps } from './screen.js'
import { unseenMessages } from './unseen.js'

export type PhoneDeps = Omit<ScreenDeps, 'go' | 'unreadIn'>

export interface PhoneElement {
  readonly element: HTMLElement
  show(phone: PhoneView, all: readonly PhoneView[]): void
  unread(): number
}

/** One phone: who it belongs to, one screen at a time, and where else to go. */
export function createPhone(deps: PhoneDeps): PhoneElement {
  const name = el('h2', { class: 'phone-name' })
  const letter = avatar('')
  const onlineWord = el('span', { 'aria-hidden': 'true' })
  const online = el(
    'button',
    { type: 'button', role: 'switch', class: 'switch' },
    onlineWord,
    el('span', { class: 'sr-only' }, 'Online'),
  )
  const trouble = complaint()
  const notice = codeNotice({ enterCode: () => go({ kind: 'code' }) })
  const screenHolder = el('div', { class: 'screen' })
  const chats = navButton('chats', 'Chats', () => go({ kind: 'chats' }))
  const devices = navButton('devices', 'Linked devices', () => go({ kind: 'devices' }))
  const nav = el('nav', { class: 'phone-nav' }, chats.element, devices.element)
  const element = el(
    'article',
    { class: 'phone' },
    el(
      'header',
      { class: 'phone-head' },
      letter,
      el('div', { class: 'phone-who' }, name, el('p', { class: 'phone-number' }, numberInWords(deps.phoneNumber))),
      online,
    ),
    trouble.element,
    notice.element,
    screenHolder,
    nav,
  )
  const unseen = unseenMessages()
  const screenDeps: ScreenDeps = { ...deps, go, unreadIn: chat => unseen.count(chat) }
  let place: Place = { kind: 'chats' }
  let screen: Screen = openScreen(place, screenDeps)
  let now: { phone: PhoneView; all: readonly PhoneView[] } | null = null
  screenHolder.append(screen.element)
  online.addEventListener('click', () => void toggleOnline())

  function go(next: Place): void {
    screen.leave?.()
    place = next
    screen = openScreen(place, screenDeps)
    screenHolder.replaceChildren(screen.element)
    draw()
    screen.heading.focus({ preventScroll: true })
  }

  async function toggleOnline(): Promise<void> {
    try {
      await deps.api.setOnline(deps.phoneNumber, now?.phone.online === false)
      trouble.show('')
    } catch (error) {
      trouble.show(sentenceOf(error))
    }
  }

  function draw(): void {
    if (now === null) return
    const { phone, all } = now
    const looking = !document.hidden && element.checkVisibility()
    unseen.learn(phone, looking && place.kind === 'chat' ? place.with : null)
    element.setAttribute('aria-label', `${phone.name}’s phone`)
    nav.setAttribute('aria-label', `On ${phone.name}’s phone`)
    element.classList.toggle('phone-offline', !phone.online)
    setText(name, phone.name)
    setText(letter, phone.name.slice(0, 1))
    setText(onlineWord, phone.online ? 'Online' : 'Offline')
    online.setAttribute('aria-checked', String(phone.online))
    chats.show(place.kind === 'chats' || place.kind === 'chat' || place.kind === 'contacts', unseen.total() > 0)
    devices.show(place.kind === 'devices' || place.kind === 'scan' || place.kind === 'code', false)
    notice.show(phone, place.kind === 'code')
    screen.update(phone, all)
  }

  return {
    element,
    show(phone, all) {
      now = { phone, all }
      draw()
    },
    unread: () => unseen.total(),
  }
}

function openScreen(place: Place, deps: ScreenDeps): Screen {
  switch (place.kind) {
    case 'chats':
      return chatListScreen(deps)
    case 'chat':
      return chatScreen(deps, place.with)
    case 'contacts':
      return contactsScreen(deps)
    case 'devices':
      return devicesScreen(deps)
    case 'scan':
      return scanScreen(deps)
    case 'code':
      return enterCodeScreen(deps)
  }
}

function navButton(
  picture: IconName,
  label: string,
  onPress: () => void,
): { element: HTMLElement; show: (current: boolean, news: boolean) => void } {
  const dot = newsDot()
  const element = el('button', { type: 'button', class: 'nav-button' }, icon(picture), el('span', {}, label), dot)
  element.addEventListener('click', onPress)
  return {
    element,
    show(current, news) {
      element.setAttribute('aria-current', String(current))
      dot.hidden = !news
    },
  }
}
