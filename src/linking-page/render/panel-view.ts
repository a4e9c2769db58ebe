import type { Panel } from '../screen.js'

/** What a panel's buttons do. */
export interface PanelActions {
  open: () => void
  start: () => void
  cancel: () => void
  putAway: () => void
  /** The QR's time ran out. */
  qrRanOut: () => void
  /** Says something politely to screen readers without showing it. */
  announce: (text: string) => void
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
