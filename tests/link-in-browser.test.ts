import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { decodeSessionId } from '../src/session/index.js'
import { accessibilityFaults } from './support/accessibility.js'
import { openBot } from './support/bot.js'
import { shareBrowser, type SharedBrowser } from './support/browser.js'
import { linkingPage, LinkingTab } from './support/linking-page.js'
import { PageWitness } from './support/page-witness.js'
import { Rows } from './support/rows.js'
import { shortWaits } from './support/short-waits.js'
import { TestGateway } from './support/test-gateway.js'

const scanHeading = 'Scan QR Code with WhatsApp Phone'

let shared: SharedBrowser
let gateway: TestGateway
let rows: Rows
let context: BrowserContext
let witness: PageWitness

beforeAll(async () => {
  shared = await shareBrowser()
  gateway = await TestGateway.start({ pages: linkingPage(), env: { SUPPORT_URL: 'https://support.example' } })
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await shared[Symbol.asyncDispose]()
})

beforeEach(async () => {
  context = await shared.browser.newContext({ viewport: { width: 480, height: 900 } })
  witness = new PageWitness(context)
  await witness.watchDocuments()
})

afterEach(async () => {
  await context.close()
  expect(witness.problems).toEqual([])
})

const open = (): Promise<LinkingTab> => LinkingTab.open(context, gateway.url)

async function openAndStart(): Promise<LinkingTab> {
  const tab = await open()
  await tab.press('Start')
  await tab.page.locator('.qr-shown').waitFor()
  return tab
}

const attempts = () => rows.query<{ phase: string }>(`select phase from link_attempts order by created_at`)

test('a phone scans the screen, two messages arrive, and a bot starts from the first', async () => {
  const phone = await gateway.simulator.phone('254711000001')
  const tab = await openAndStart()
  const qr = await tab.qrOnShow()

  await phone.scanPicture(await tab.screenshotWithQr())
  await tab.shows('All set')
  await phone.waitForQuiet()

  const [first, second, ...others] = await phone.messages(phone.jid)
  expect(others).toEqual([])
  const sessionIdString = first?.text ?? ''
  expect(decodeSessionId(sessionIdString).account).toMatchObject({ number: '254711000001' })
  expect(second?.text).toContain('*Connected Number:* 254711000001')
  expect(second?.text).toContain('https://support.example')

  await witness.look()
  // the search finds what did come to the page, so it would have found the string
  expect(witness.placesOf(qr)).toEqual(expect.arrayContaining(['response', 'frame', 'dom']))
  const [cookie] = await context.cookies()
  expect(witness.placesOf(cookie?.value ?? 'no cookie')).toEqual(expect.arrayContaining(['response', 'storage']))
  for (let start = 0; start + 16 <= sessionIdString.length; start += 16) {
    expect(witness.placesOf(sessionIdString.slice(start, start + 16))).toEqual([])
  }

  const bot = await openBot(gateway.simulator, sessionIdString)
  const stranger = await gateway.simulator.phone('254711000002')
  await stranger.send(phone, 'is this the shop?')
  await bot.text('is this the shop?')
  expect(await gateway.simulator.ledger({ type: 'retry' })).toEqual([])
  await bot.close()
})

test('a number becomes a code; typed wrong it is typed again, typed right two messages arrive', async () => {
  const phone = await gateway.simulator.phone('254711000006')
  const tab = await open()
  await tab.askForCode('+254 711 000006')
  await tab.shows('Enter this code on your phone')
  await tab.page.getByText('For +254 711 000006').waitFor()
  const code = await tab.codeOnShow()
  expect(code).toMatch(/^[1-9A-Z]{4}-[1-9A-Z]{4}$/)

  await expect(phone.enterCode(code === 'ZZZZ-ZZZZ' ? 'YYYY-YYYY' : 'ZZZZ-ZZZZ')).rejects.toThrow()
  await tab.page.reload()
  expect(await tab.codeOnShow()).toBe(code)
  await phone.enterCode(code)
  await tab.shows('All set')
  await phone.waitForQuiet()

  const [first, second, ...others] = await phone.messages(phone.jid)
  expect(others).toEqual([])
  expect(decodeSessionId(first?.text ?? '').account).toMatchObject({ number: phone.phoneNumber })
  expect(second?.text).toContain(`*Connected Number:* ${phone.phoneNumber}`)
  await witness.look()
  expect(witness.placesOf((first?.text ?? '').slice(40, 72))).toEqual([])
  // the number leaves the tab once, in the request that asks for the code
  expect(witness.placesOf(phone.phoneNumber)).toEqual(['request'])
})

test('the phone of another number answers: its device is dropped, and the number can be corrected', async () => {
  const [asked, other] = [await gateway.simulator.phone('254711000007'), await gateway.simulator.phone('254711000008')]
  const tab = await open()
  await tab.askForCode(`+${asked.phoneNumber}`)
  await other.enterCode(await tab.codeOnShow(), { of: asked.phoneNumber })
  await tab.shows('This was another number')
  await tab.press('Check the number')
  expect(await tab.page.getByLabel('Phone number').inputValue()).toBe('+254 711 000007')
  await expect.poll(() => other.devices()).toEqual([])
})

test('from the QR to a code and back while an attempt runs, each time with a fresh one', async () => {
  const phone = await gateway.simulator.phone('254711000009')
  const tab = await openAndStart()
  const old = await tab.qrOnShow()
  await tab.press('Use a pairing code instead')
  await tab.page.getByLabel('Phone number').fill(`+${phone.phoneNumber}`)
  await tab.press('Get a pairing code')
  await tab.codeOnShow()
  await tab.press('Use a QR code instead')
  await expect.poll(() => tab.qrOnShow()).not.toBe(old)
  await phone.scanPicture(await tab.screenshotWithQr())
  await tab.shows('All set')
  expect((await attempts()).slice(-3).map(({ phase }) => phase)).toEqual(['cancelled', 'cancelled', 'complete'])
})

test('a new code takes the place of the old one without a reload, and is the one to scan', async () => {
  const phone = await gateway.simulator.phone('254711000003')
  const firstCodeLivesMs = 60_000
  const waits = shortWaits(new Map([[firstCodeLivesMs, 3_000]]))
  const tab = await openAndStart()
  const old = await tab.qrOnShow()
  await tab.page.evaluate(() => (document.body.dataset['sameDocument'] = 'yes'))
  await expect.poll(() => tab.qrOnShow(), { timeout: 10_000 }).not.toBe(old)
  waits[Symbol.dispose]()

  await phone.scanPicture(await tab.screenshotWithQr())
  await tab.shows('All set')
  expect(await tab.page.evaluate(() => document.body.dataset['sameDocument'])).toBe('yes')
})

test('cancel ends the attempt on both sides', async () => {
  const tab = await openAndStart()
  await tab.press('Cancel')
  await tab.shows('Cancelled')
  expect((await attempts()).at(-1)).toEqual({ phase: 'cancelled' })
  expect(await tab.page.getByRole('button').allInnerTexts()).toEqual(['Start again'])
})

test('nobody scans: the attempt expires, and one button starts the next', async () => {
  const attemptLivesMs = 120_000
  const waits = shortWaits(new Map([[attemptLivesMs, 3_000]]))
  const tab = await openAndStart()
  await tab.shows('This attempt has expired')
  waits[Symbol.dispose]()
  expect((await attempts()).at(-1)).toEqual({ phase: 'expired' })
  expect(await tab.page.getByRole('button').allInnerTexts()).toEqual(['Start again'])
  await tab.press('Start again')
  await tab.shows(scanHeading)
  await tab.press('Cancel')
  await tab.shows('Cancelled')
})

test('a reload and a second tab find the attempt that is under way, and all see it finish', async () => {
  const phone = await gateway.simulator.phone('254711000004')
  const before = (await attempts()).length
  const first = await openAndStart()
  const code = await first.qrOnShow()
  await first.page.reload()
  await expect.poll(() => first.qrOnShow()).toBe(code)
  const second = await open()
  await expect.poll(() => second.qrOnShow()).toBe(code)

  await phone.scanPicture(await second.screenshotWithQr())
  await Promise.all([first.shows('All set'), second.shows('All set')])
  expect(await attempts()).toHaveLength(before + 1)
})

test('a reload between scan and end shows how far it is', async () => {
  const phone = await gateway.simulator.phone('254711000005')
  const tab = await openAndStart()
  const hold = await gateway.simulator.hold({ direction: 'in', tag: 'message', account: phone.phoneNumber })
  await phone.scanPicture(await tab.screenshotWithQr())
  await hold.reached
  await tab.page.reload()
  await tab.shows('Preparing your session ID')
  await hold.release()
  await tab.shows('All set')
})

test('the keyboard is enough', async () => {
  const tab = await open()
  await tab.page.getByRole('button', { name: 'Start' }).waitFor()
  await tab.page.keyboard.press('Tab')
  expect(await tab.page.getByRole('radio', { name: 'QR code' }).evaluate(it => it === document.activeElement)).toBe(
    true,
  )
  await tab.page.keyboard.press('Tab')
  expect(await tab.focused()).toBe('Start')
  await tab.page.keyboard.press('Enter')
  await tab.page.locator('.qr-shown').waitFor()
  expect(await tab.focused()).toBe(scanHeading)
  await tab.page.keyboard.press('Tab')
  expect(await tab.focused()).toBe('Cancel')
  await tab.page.keyboard.press('Space')
  await tab.shows('Cancelled')
  await tab.page.keyboard.press('Tab')
  expect(await tab.focused()).toBe('Start again')
})

test.each([
  ['light', 320],
  ['dark', 480],
] as const)('every panel is accessible and fits, %s on %i pixels', async (colorScheme, width) => {
  const phone = await gateway.simulator.phone(`2547110001${width}`)
  const tab = await open()
  await tab.page.emulateMedia({ colorScheme })
  await tab.page.setViewportSize({ width, height: 700 })
  const inspect = async () => {
    await tab.settled()
    expect(await tab.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    expect(await accessibilityFaults(tab.page)).toEqual([])
  }
  await tab.shows('How do you want to link?')
  await inspect()
  await tab.press('Start')
  const picture = await tab.screenshotWithQr()
  await inspect()
  const hold = await gateway.simulator.hold({ direction: 'in', tag: 'message', account: phone.phoneNumber })
  await phone.scanPicture(picture)
  await tab.shows('Preparing your session ID')
  await inspect()
  await hold.release()
  await tab.shows('All set')
  await inspect()
})
