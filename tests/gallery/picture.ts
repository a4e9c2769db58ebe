import type { Page } from 'playwright-core'
import type { Answer, ScriptedGateway, View } from '../../src/linking-page/testing/scripted-gateway.js'

/** One picture of the gallery: what the server says, and what the visitor does until it is to be seen. */
export interface Picture {
  /** Names the files. */
  name: string
  /** One line of the gallery's document. */
  about: string
  /** The attempt this browser comes back to. */
  view?: View
  /** The attempt once it was started or cancelled. */
  after?: View
  settings?: Partial<ScriptedGateway['settings']>
  /** `hang`: is never answered. */
  start?: Answer | 'hang'
  wish?: Answer
  /** Nothing the page asks is answered. */
  silent?: boolean
  act?: (page: Page, gateway: ScriptedGateway) => Promise<void>
}

export type Pictures = readonly [Picture, ...Picture[]]
