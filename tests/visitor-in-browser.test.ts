import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { decodeSessionId } from '../src/session/index.js'
import { shareBrowser, type SharedBrowser } from './support/browser.js'
import { linkingPage, LinkingTab } from './support/linking-page.js'
import { TestGateway } from './support/test-gateway.js'

let shared: SharedBrowser
let gateway: TestGateway
let contexts: BrowserContext[]

beforeAll(async () => {
  shared = await shareBrowser()
  const env = { LINK_DEFAULT: 'managed', LINK_MAX_PER_NODE: '1' }
  gateway = await TestGateway.start({ pages: linkingPage(), env })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await shared[Symbol.asyncDispose]()
})

beforeEach(() => {
  contexts = []
})

afterEach(async () => {
  for (const context of contexts) await context.close()
})

/** Somebody whom the gateway does not know. */
async function visitor(): Promise<LinkingTab> {
  const context = await shared.browser.newContext({ viewport: { width: 480, height: 900 } })
  contexts.push(context)
  return LinkingTab.open(context, gateway.url)
}

test('a managed account: its session ID once more, then the end of the link', async () => {
  const phone = await gateway.simulator.phone('254711000201')
  const tab = await visitor()
  await tab.press('Start')
  await phone.scanPicture(await tab.screenshotWithQr())
  await tab.shows('Setup Complete!')
  await phone.waitForQuiet()
  const strings = async () => {
    const texts = (await phone.messages(phone.jid)).map(({ text }) => text ?? '')
    return texts.filter(text => text.startsWith('WHIZLITE_'))
  }
  const before = await strings()
  expect(before).toHaveLength(1)

  await tab.press('Resend to my phone')
  await tab.page.getByText('on its way to your own chat once more').waitFor()
  await expect.poll(async () => (await strings()).length).toBe(2)
  expect(decodeSessionId((await strings())[1] ?? '').account).toMatchObject({ number: phone.phoneNumber })
  expect(await phone.devices()).toHaveLength(1)

  await tab.press('Revoke (unlink)')
  await tab.press('Yes, unlink')
  await tab.page.getByRole('heading', { name: /^Unlink(ed|ing)$/ }).waitFor()
  await expect.poll(() => phone.devices()).toEqual([])
  await tab.page.reload()
  await tab.shows('Unlinked')
})

test('with the only place taken the next visitor waits as number one, and gets the QR by itself', async () => {
  const [first, second] = [await visitor(), await visitor()]
  await first.press('Start')
  await first.page.locator('.qr-shown').waitFor()
  await second.press('Start')
  await second.shows('Waiting for a free place')
  await second.page.locator('.place', { hasText: /^1$/ }).waitFor()
  await first.press('Cancel')
  await first.shows('Cancelled')
  await second.page.locator('.qr-shown').waitFor()
  const phone = await gateway.simulator.phone('254711000202')
  await phone.scanPicture(await second.screenshotWithQr())
  await second.shows('Setup Complete!')
  await phone.waitForQuiet()
})
