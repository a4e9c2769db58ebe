import type { LinkMethod } from '../../contract/linking.js'
import type { PhoneNumber } from '../../contract/phone-number.js'
import type { Wish } from '../api.js'
import type { Panel } from '../screen.js'
import type { NumberForm } from './number-form.js'

/** What the visitor can ask for on any panel. */
export interface PageActions {
  open: () => void
  /** By code with a number, by QR without. */
  start: (number: PhoneNumber | null) => void
  startAgain: () => void
  cancel: () => void
  putAway: () => void
  chooseWay: (way: LinkMethod) => void
  wantNumber: (wanted: boolean) => void
  wish: (wish: Wish, go: boolean) => void
  forgetWish: (wish: Wish) => void
  /** The time of the QR or the code ran out. */
  ranOut: () => void
}

/** What a panel's buttons do, and what outlives a panel. */
export interface PanelActions extends PageActions {
  /** Says something politely to screen readers without showing it. */
  announce: (text: string) => void
  /** One for the whole page: what was typed stays when panels come and go. */
  numberForm: NumberForm
}

export type PanelOf<Kind extends Panel['kind']> = Extract<Panel, { kind: Kind }>

/** One panel while it is on the page. */
export interface PanelView<P extends Panel = Panel> {
  readonly element: HTMLElement
  /** Gets the focus when the panel appears; null where nothing is to be read yet. */
  readonly heading: HTMLElement | null
  update(panel: P): void
  /** Several times a second, for countdowns. */
  tick?(now: number): void
}
