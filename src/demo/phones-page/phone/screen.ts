import type { PhoneView } from '../../view.js'
import type { PhonesApi } from '../api.js'
import type { LinkingFrame } from '../linking-frame.js'

/** Where a phone is. */
export type Place =
  | { kind: 'chats' }
  | { kind: 'chat'; with: string }
  | { kind: 'contacts' }
  | { kind: 'devices' }
  | { kind: 'scan' }
  | { kind: 'code' }

export type ScreenDeps = {
  phoneNumber: string
  api: PhonesApi
  picture: LinkingFrame
  go: (place: Place) => void
  showLinkingPage: () => void
  /** Messages of a chat that nobody has looked at, as this page knows it. */
  unreadIn: (chat: string) => number
}

/** One screen of a phone while it is on show. */
export interface Screen {
  readonly element: HTMLElement
  /** Gets the focus when the screen appears. */
  readonly heading: HTMLElement
  update(phone: PhoneView, all: readonly PhoneView[]): void
  /** The screen was left. */
  leave?(): void
}
