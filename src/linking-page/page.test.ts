import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import qrcode from 'qrcode'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ScriptedGateway, View } from './testing/scripted-gateway.js'
import { startScriptedGateway } from './testing/scripted-gateway.js'

const sessionId = '7d2f0a52-3a8e-4a53-9c1f-0e2b7d1c4a90'
const scanning: View = {
  sessionId,
  status: 'connecting',
  state: 'linking',
  mode: 'handed_off',
  phase: 'scanning',
  step: 1,
  percent: 10,
  reason: null,
  since: '2026-01-01T00:00:00.000Z',
  qrExpiresInMs: 60_000,
  expiresInMs: 120_000,
}
const scanned = without(scanning, { phase: 'scanned', percent: 30 })
const preparing = without(scanning, { phase: 'preparing', step: 2, percent: 50 })
const complete = without(scanning, {
  status: 'disconnected',
  state: 'handed_off',
  phase: 'complete',
  step: 3,
  percent: 100,
})

let folder: string
let browser: Browser
let gateway: ScriptedGateway
let context: BrowserContext
let complaints: string[]
let pictures: [string, string]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'linking-page-'))
  const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url))
  await build({ configFile, logLevel: 'silent', build: { outDir: folder, emptyOutDir: true } })
  const executablePath =
    process.env['CHROMIUM_PATH'] ?? ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync)
  browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: ['--no-sandbox'] })
  pictures = [await qrcode.toDataURL('first sample'), await qrcode.toDataURL('second sample')]
})

afterAll(async () => {
  await browser.close()
  rmSync(folder, { recursive: true })
})

beforeEach(async () => {
  gateway = await startScriptedGateway(folder)
  gateway.start = () => {
    gateway.view = { ...scanning, qrCode: pictures[0] }
    return { status: 200, body: { sessionId, qrCode: pictures[0] } }
  }
  context = await browser.newContext({ viewport: { width: 360, height: 740 } })
  complaints = []
})

afterEach(async () => {
  await context.close()
  await gateway[Symbol.asyncDispose]()
})

function without(view: View, change: Partial<View>): View {
  const { qrExpiresInMs: _qr, expiresInMs: _all, ...rest } = view
  return { ...rest, ...change }
}

function closedGate(): { opened: Promise<void>; open: () => void } {
  const listeners: (() => void)[] = []
  const opened = new Promise<void>(resolve => listeners.push(resolve))
  return { opened, open: () => listeners.forEach(listener => listener()) }
}

async function open(): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    if (/security policy|trusted/i.test(message.text())) complaints.push(message.text())
  })
  await page.goto(gateway.origin)
  return page
}

const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()
const title = (page: Page, name: string): Promise<void> => page.getByRole('heading', { name, level: 2 }).waitFor()
const focused = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? '')
const starts = (): number => gateway.requests.filter(line => line.startsWith('POST')).length

test('nothing is opened on the server before Start is pressed', async () => {
  const page = await open()
  await page.getByRole('button', { name: 'Start' }).waitFor()
  expect(gateway.requests.toSorted()).toEqual(['GET /api/page-settings', 'GET /api/sessions/current'])
  expect(gateway.socketsOpen).toBe(0)
})

test('a visitor is led from the code to the end, with the focus on each new step and nothing moving', async () => {
  const page = await open()
  await press(page, 'Start')
  await title(page, 'Scan QR Code with WhatsApp Phone')
  await page.getByText('Open WhatsApp → Settings → Linked Devices → Scan this QR').waitFor()
  await page.getByText('Status: Scanning…').waitFor()
  await page.getByText('Time left: 2:00').or(page.getByText('Time left: 1:5')).waitFor()
  expect(await focused(page)).toBe('Scan QR Code with WhatsApp Phone')
  const plate = page.locator('.qr-plate')
  await page.locator(`.qr-shown[src="${pictures[0]}"]`).waitFor()
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map(animation => animation.finished)))
  const before = await plate.boundingBox()
  await expect.poll(() => gateway.socketsOpen).toBe(1)

  gateway.view = { ...scanning, qrCode: pictures[1] }
  gateway.push('qr_code', { sessionId, qrCode: pictures[1], status: 'connecting', expiresInMs: 20_000 })
  await page.locator(`.qr-shown[src="${pictures[1]}"]`).waitFor()
  await expect.poll(() => page.locator('.qr').count()).toBe(1)
  expect(await plate.boundingBox()).toEqual(before)

  gateway.view = scanned
  gateway.push('qr_scanned', { sessionId })
  await title(page, 'Code scanned')
  expect(await page.locator('.qr').count()).toBe(0)
  gateway.view = preparing
  gateway.push('progress', { sessionId, status: 'connected', method: 'qr', step: 2, percent: 50 })
  await title(page, 'Preparing your session ID')
  expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('50')

  const reason = { code: 'older', message: 'An older session was replaced.', action: 'Update your bot.' }
  gateway.view = { ...complete, reason }
  gateway.push('complete', { sessionId, message: 'Setup complete!' })
  await title(page, 'All set')
  await page.getByText('Message 1 is your session ID.').waitFor()
  await page.getByText(reason.message).waitFor()
  expect(await focused(page)).toBe('All set')
  await expect.poll(() => gateway.socketsOpen).toBe(0)
  expect(complaints).toEqual([])
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length + location.search.length)).toBe(0)
})

test('a managed account ends with Setup Complete!', async () => {
  gateway.view = { ...complete, mode: 'managed', state: 'connected', status: 'connected' }
  const page = await open()
  await title(page, 'Setup Complete!')
})

test('a reload in the middle joins the same attempt', async () => {
  const page = await open()
  await press(page, 'Start')
  await title(page, 'Scan QR Code with WhatsApp Phone')
  await page.reload()
  await title(page, 'Scan QR Code with WhatsApp Phone')
  await page.locator('.qr-shown').waitFor()
  expect(starts()).toBe(1)
})

test('two tabs follow one attempt, and one cancels for both', async () => {
  const first = await open()
  const second = await open()
  await press(first, 'Start')
  await title(second, 'Scan QR Code with WhatsApp Phone')
  gateway.cancel = () => {
    gateway.view = without(scanning, { phase: 'cancelled', state: 'disconnected' })
    return { status: 204 }
  }
  await press(second, 'Cancel')
  await title(second, 'Cancelled')
  await title(first, 'Cancelled')
  expect(starts()).toBe(1)
  await press(first, 'Start again')
  await title(first, 'Scan QR Code with WhatsApp Phone')
  expect(starts()).toBe(2)
})

test('Cancel pressed before the code is there cancels as soon as there is something to cancel', async () => {
  const usual = gateway.start
  const gate = closedGate()
  gateway.start = async () => {
    await gate.opened
    return usual()
  }
  const page = await open()
  await press(page, 'Start')
  await page.getByText('Status: Connecting to WhatsApp…').waitFor()
  await press(page, 'Cancel')
  await page.getByText('Status: Cancelling…').waitFor()
  gate.open()
  await title(page, 'Cancelled')
  expect(gateway.requests).toContain(`DELETE /api/sessions/${sessionId}`)
})

test('a cancel that does not get through is said, and the attempt stays on show', async () => {
  gateway.cancel = () => ({ status: 503, body: { code: 'database_unavailable', detail: 'No.' } })
  const page = await open()
  await press(page, 'Start')
  await press(page, 'Cancel')
  await page.getByText('Cancelling did not work').waitFor()
  await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor()
})

test('a failure says what happened and what to do', async () => {
  const page = await open()
  await press(page, 'Start')
  await expect.poll(() => gateway.socketsOpen).toBe(1)
  const reason = { code: 'passkey', message: 'The phone asks for a passkey.', action: 'Confirm it on the phone first.' }
  gateway.view = without(scanning, { phase: 'failed', state: 'disconnected', reason })
  gateway.push('link_ended', { sessionId, phase: 'failed', reason: reason.code })
  await title(page, 'Linking did not work')
  await page.getByText(reason.message).waitFor()
  await page.getByText(reason.action).waitFor()
  expect(await page.getByRole('button').allInnerTexts()).toEqual(['Start again'])
})

test('an attempt that runs out offers one button', async () => {
  gateway.view = without(scanning, { phase: 'expired', state: 'expired' })
  const page = await open()
  await title(page, 'This attempt has expired')
  expect(await page.getByRole('button').allInnerTexts()).toEqual(['Start again'])
})

test('without a socket the page asks every few seconds', async () => {
  gateway.live = false
  const page = await open()
  await press(page, 'Start')
  await page.getByText('Checking every few seconds').waitFor()
  gateway.view = preparing
  await title(page, 'Preparing your session ID')
})

test('what was said while the socket was down is read after it is back', async () => {
  const page = await open()
  await press(page, 'Start')
  await expect.poll(() => gateway.socketsOpen).toBe(1)
  gateway.dropSockets()
  gateway.view = preparing
  await title(page, 'Preparing your session ID')
  await expect.poll(() => gateway.socketsOpen, { timeout: 10_000 }).toBe(1)
})

test('an attempt the server no longer knows is not shown as running', async () => {
  const page = await open()
  await press(page, 'Start')
  await expect.poll(() => gateway.socketsOpen).toBe(1)
  gateway.view = null
  gateway.dropSockets()
  await title(page, 'This attempt has ended')
})

test('too many attempts: the button waits as long as the server asked', async () => {
  const usual = gateway.start
  const body = { code: 'too_many_attempts', detail: 'Too many attempts from here.', action: 'Wait a little.' }
  gateway.start = () => ({ status: 429, headers: { 'retry-after': '2' }, body })
  const page = await open()
  await press(page, 'Start')
  await title(page, 'Too many attempts')
  await page.getByText(body.detail).waitFor()
  const again = page.getByRole('button', { name: 'Try again' })
  expect(await again.getAttribute('aria-disabled')).toBe('true')
  await again.click({ force: true })
  expect(starts()).toBe(1)
  gateway.start = usual
  await expect.poll(() => again.getAttribute('aria-disabled'), { timeout: 10_000 }).toBe('false')
  await again.click()
  await title(page, 'Scan QR Code with WhatsApp Phone')
})

test('offline is said, and over by itself', async () => {
  const page = await open()
  await press(page, 'Start')
  await page.locator('.qr-shown').waitFor()
  await context.setOffline(true)
  await page.getByText('You are offline').waitFor()
  await context.setOffline(false)
  await page.getByText('You are offline').waitFor({ state: 'detached' })
})

test('the keyboard is enough', async () => {
  const page = await open()
  const start = page.getByRole('button', { name: 'Start' })
  await start.waitFor()
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Start')
  expect(await start.evaluate(node => getComputedStyle(node).outlineStyle)).toBe('solid')
  await page.keyboard.press('Enter')
  await page.locator('.qr-shown').waitFor()
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('Cancel')
  await page.keyboard.press('Space')
  await title(page, 'Cancelled')
})

test('a logo of the operator is shown, and a broken one gives way to the page’s own', async () => {
  gateway.settings.logoUrl = '/no-such-logo.svg'
  const page = await open()
  await page.getByRole('button', { name: 'Start' }).waitFor()
  await expect.poll(() => page.locator('#logo').getAttribute('src')).toMatch(/assets\/logo-.*\.svg$/)
})
