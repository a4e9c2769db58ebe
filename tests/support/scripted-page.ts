import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { onward, pictures, scanning, sessionId } from '../../src/linking-page/testing/sample-views.js'
import { startScriptedGateway, type ScriptedGateway } from '../../src/linking-page/testing/scripted-gateway.js'
import { shareBrowser, type SharedBrowser } from './browser.js'
import { linkingPageFolder } from './linking-page.js'

export interface Site {
  gateway: ScriptedGateway
  context: BrowserContext
  /** Page errors and violations of the policy. */
  complaints: string[]
  /** The page in a new tab. */
  open(): Promise<Page>
  /** How many attempts were started. */
  starts(): number
}

/** The built page in a real browser before a scripted gateway, anew for every test of the calling file. */
export function useLinkingPage(): Site {
  let shared: SharedBrowser
  let gateway: ScriptedGateway
  let context: BrowserContext
  let complaints: string[]

  beforeAll(async () => {
    shared = await shareBrowser()
  })

  afterAll(() => shared[Symbol.asyncDispose]())

  beforeEach(async () => {
    gateway = await startScriptedGateway(linkingPageFolder)
    gateway.start = () => {
      gateway.view = { ...scanning, qrCode: pictures[0] }
      return { status: 200, body: { sessionId, qrCode: pictures[0] } }
    }
    gateway.cancel = () => {
      gateway.view = onward({ phase: 'cancelled', state: 'disconnected' })
      return { status: 204 }
    }
    context = await shared.browser.newContext({ viewport: { width: 360, height: 740 } })
    complaints = []
  })

  afterEach(async () => {
    await context.close()
    await gateway[Symbol.asyncDispose]()
  })

  return {
    get gateway() {
      return gateway
    },
    get context() {
      return context
    },
    get complaints() {
      return complaints
    },
    async open() {
      const page = await context.newPage()
      page.on('pageerror', error => complaints.push(error.message))
      page.on('console', message => {
        if (/security policy|trusted/i.test(message.text())) complaints.push(message.text())
      })
      await page.goto(gateway.origin)
      return page
    },
    starts: () => gateway.started.length,
  }
}

/** Chooses the code on the first panel and waits until the field knows its countries. */
export async function chooseCode(page: Page): Promise<void> {
  await page.getByRole('radio', { name: 'Pairing code' }).check()
  await page.locator('#country option').nth(1).waitFor({ state: 'attached' })
}

export const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

export const title = (page: Page, name: string): Promise<void> =>
  page.getByRole('heading', { name, level: 2 }).waitFor()

export const focused = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? '')

/** Resolves when nothing moves on the page any more. */
export const settled = (page: Page): Promise<unknown> =>
  page.evaluate(() => Promise.allSettled(document.getAnimations().map(animation => animation.finished)))
