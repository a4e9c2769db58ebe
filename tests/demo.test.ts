import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BrowserContext, FrameLocator, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { StartLinkAnswer } from '../src/contract/linking.js'
import { shareBrowser, type SharedBrowser } from './support/browser.js'
import { DemoProcess } from './support/demo-process.js'

/** Starting a gateway with a database of its own takes seconds, and the first start may have to build. */
const START_MS = 300_000

let dataDir: string
let demo: DemoProcess
let url: string
let shared: SharedBrowser
let context: BrowserContext
let complaints: string[]

async function startDemo(env: Record<string, string> = {}): Promise<void> {
  demo = new DemoProcess(dataDir, env)
  url = await demo.ready()
}

async function openPage(): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    if (/security policy|trusted/i.test(message.text())) complaints.push(message.text())
  })
  await page.goto(url)
  return page
}

const phoneOf = (page: Page, name: string): Locator => page.getByRole('article', { name: `${name}’s phone` })
const linkingPage = (page: Page): FrameLocator => page.frameLocator('#link-frame')
const press = (place: Locator | FrameLocator, name: string): Promise<void> =>
  place.getByRole('button', { name, exact: true }).click()

async function write(phone: Locator, text: string): Promise<void> {
  await phone.getByRole('textbox', { name: 'Message' }).fill(text)
  await press(phone, 'Send')
}

async function typeCode(phone: Locator, code: string): Promise<void> {
  await phone.getByRole('textbox', { name: 'Code' }).fill(code)
  await press(phone, 'Link device')
}

const nobodyLeft = (): Promise<void> =>
  vi.waitFor(() => expect(demo.processes()).toEqual([]), { timeout: 40_000, interval: 100 })

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'whizlite-demo-'))
  // PostgreSQL must not run as root, and whom it runs as has to get in.
  rmSync(dataDir, { recursive: true })
  shared = await shareBrowser()
  await startDemo()
}, START_MS)

afterAll(async () => {
  await shared[Symbol.asyncDispose]()
  await demo[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
}, START_MS)

beforeEach(async () => {
  complaints = []
  context = await shared.browser.newContext({ viewport: { width: 1280, height: 860 } })
})

afterEach(async () => {
  await context.close()
  expect(complaints).toEqual([])
})

describe('a visitor of the demo', { timeout: START_MS }, () => {
  test('links a phone, gets both messages, chats, and finds all of it after a restart', async () => {
    const page = await openPage()
    const amina = phoneOf(page, 'Amina')
    const juma = phoneOf(page, 'Juma')

    await press(amina, 'Link a device')
    await amina.getByText('No code in sight').waitFor()
    await press(linkingPage(page), 'Start')
    await amina.getByText('Device linked').waitFor()
    await linkingPage(page).getByRole('heading', { name: 'All set' }).waitFor()

    await press(amina, 'Open your own chat')
    await amina.getByText(/^WHIZLITE_\S{200,}$/).waitFor()
    await amina.getByText('254700000011').last().waitFor()
    expect(await amina.getByRole('log').getByRole('listitem').count()).toBe(2)

    await press(amina, 'Back to the chats')
    await press(amina, 'New chat')
    await amina.getByRole('button', { name: /^Juma/ }).click()
    await write(amina, 'Do you see this?')
    await juma.getByText('Do you see this?').click()
    await write(juma, 'As clear as day.')
    await amina.getByText('As clear as day.').waitFor()
    await amina.getByText('Read', { exact: true }).waitFor({ state: 'attached' })

    demo.signal('SIGTERM')
    expect(await demo.exited).toBe(0)
    expect(demo.processes()).toEqual([])

    await startDemo()
    await page.goto(url)
    await press(amina, 'Linked devices')
    await amina.getByRole('button', { name: /^Log out/ }).waitFor()
    await press(amina, 'Chats')
    await amina.getByRole('button', { name: /^Amina \(You\)/ }).click()
    await amina.getByText(/^WHIZLITE_\S{200,}$/).waitFor()
    await press(amina, 'Back to the chats')
    await amina.getByRole('button', { name: /^Juma/ }).click()
    await amina.getByText('As clear as day.').waitFor()

    await press(amina, 'Linked devices')
    await amina.getByRole('button', { name: /^Log out/ }).click()
    await amina.getByText('No device is linked').waitFor()
  })

  test('links a phone by the code asked for its number', async () => {
    const page = await openPage()
    const juma = phoneOf(page, 'Juma')
    await press(juma, 'Linked devices')
    await press(juma, 'Link a device')
    await press(juma, 'Link with phone number instead')
    await typeCode(juma, 'abcd1234')
    await juma.getByText('Nobody asked for a code for this number').waitFor()

    const frame = linkingPage(page)
    await frame.getByRole('radio', { name: 'Pairing code' }).check()
    await frame.getByRole('textbox', { name: 'Phone number' }).fill('+254 700 000 012')
    await press(frame, 'Get a pairing code')
    await frame.getByRole('img', { name: /^Pairing code/ }).waitFor()
    const shown = await frame.getByRole('img', { name: /^Pairing code/ }).innerText()
    const pairingCode = shown.replaceAll(/\s/g, '')
    await press(juma, 'Chats')
    await juma.getByText('A device wants to be linked').waitFor()
    await press(juma, 'Enter code')
    await typeCode(juma, pairingCode.startsWith('A') ? 'BBBBBBBB' : 'AAAAAAAA')
    await juma.getByText('Check the code and type it again').waitFor()
    await typeCode(juma, pairingCode.toLowerCase())
    await juma.getByText('Device linked').waitFor()
    await frame.getByRole('heading', { name: 'All set' }).waitFor()
    await press(juma, 'Open your own chat')
    await juma.getByText(/^WHIZLITE_\S{200,}$/).waitFor()
  })

  test('is told when a phone is offline, and the other phone gets the message later', async () => {
    const page = await openPage()
    const amina = phoneOf(page, 'Amina')
    const juma = phoneOf(page, 'Juma')
    await juma.getByRole('switch', { name: 'Online' }).click()
    await press(amina, 'New chat')
    await amina.getByRole('button', { name: /^Juma/ }).click()
    await write(amina, 'Are you there?')
    await amina.getByText('Sent', { exact: true }).last().waitFor({ state: 'attached' })
    await press(juma, 'New chat')
    await juma.getByRole('button', { name: /^Amina/ }).click()
    await juma.getByRole('textbox', { name: 'Message' }).fill('No')
    await juma.getByRole('button', { name: /^Send/ }).click()
    await juma.getByText('This phone is offline. Connect it first.').waitFor()
    expect(await juma.getByText('Are you there?').count()).toBe(0)
    await juma.getByRole('switch', { name: 'Online' }).click()
    await juma.getByText('Are you there?').waitFor()
  })

  test('adds a phone', async () => {
    const page = await openPage()
    await page.getByRole('button', { name: 'Add a phone' }).click()
    await phoneOf(page, 'Wanjiru').getByText('+254 700 000 013').waitFor()
  })
})

test('the command that the demo prints lists its sessions', () => {
  const [, folder = '', words = ''] = /command line: DATA_DIR=(\S+) npx whizlite (.+)$/m.exec(demo.output) ?? []
  const env = { PATH: process.env['PATH'] ?? '', DATA_DIR: folder }
  const told = execFileSync(process.execPath, ['whizlite.js', ...words.split(' '), '--json'], { env, encoding: 'utf8' })
  expect(JSON.parse(told)).toBeInstanceOf(Array)
})

describe('the demo’s server', () => {
  const json = { 'content-type': 'application/json' }
  const problemIn = (response: Response): Promise<unknown> => {
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    return response.json()
  }

  test('lets its own page alone frame the linking page, and leaves the gateway’s answer as it is otherwise', async () => {
    const framed = await fetch(`${url}/link/`)
    expect(framed.headers.get('content-security-policy')).toContain("frame-ancestors 'self'")
    expect(framed.headers.get('x-frame-options')).toBe('SAMEORIGIN')
    const plain = await fetch(`${url}/index.html`)
    expect(plain.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(plain.headers.get('x-frame-options')).toBe('DENY')
    const own = await fetch(`${url}/demo/`)
    expect(own.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  test('hands Origin and Host on, so that the gateway itself refuses other sites', async () => {
    const foreign = { ...json, origin: 'https://elsewhere.example' }
    const answer = await fetch(`${url}/api/sessions/start`, { method: 'POST', headers: foreign, body: '{}' })
    expect(answer.status).toBe(403)
  })

  test('tells that a code has run out, in the words of the phone', async () => {
    const started = await fetch(`${url}/api/sessions/start`, { method: 'POST', headers: json, body: '{}' })
    const { sessionId, qrCode } = StartLinkAnswer.options[0].parse(await started.json())
    const cookie = started.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect((await fetch(`${url}/api/sessions/${sessionId}`, { method: 'DELETE', headers: { cookie } })).status).toBe(
      204,
    )
    const scan = await fetch(`${url}/demo/api/phones/254700000011/scan`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: Buffer.from(qrCode.split(',')[1] ?? '', 'base64'),
    })
    expect(scan.status).toBe(422)
    expect(await problemIn(scan)).toMatchObject({
      code: 'qr_expired',
      detail: expect.stringContaining('This code has run out'),
    })
  })

  test('refuses other sites, other types, and what it does not know', async () => {
    const phones = `${url}/demo/api/phones`
    const foreign = { ...json, origin: 'https://elsewhere.example' }
    const posted = (body: string, type = 'application/json'): RequestInit => ({
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    const refusals: [string, RequestInit, number, string][] = [
      [phones, { method: 'POST', headers: foreign, body: '{}' }, 403, 'foreign_origin'],
      [phones, posted('{}', 'text/plain'), 415, 'unsupported_media_type'],
      [phones, posted('{'), 400, 'bad_request'],
      [phones, posted('{"name":1}'), 400, 'bad_request'],
      [phones, { method: 'DELETE' }, 405, 'method_not_allowed'],
      [`${phones}/254700000099/scan`, posted('x', 'image/png'), 404, 'unknown_phone'],
      [`${phones}/254700000011/scan`, posted('x', 'image/png'), 422, 'qr_unreadable'],
      [`${phones}/254700000011/code`, posted('{"code":"A-B"}'), 422, 'code_malformed'],
      [`${phones}/254700000011/code`, posted('{"code":"ABCD-1234"}'), 422, 'no_code_pending'],
      [`${phones}/254700000011/devices/77`, { method: 'DELETE' }, 404, 'unknown_device'],
      [`${url}/demo/nothing`, {}, 404, 'not_found'],
    ]
    for (const [address, init, status, expected] of refusals) {
      const response = await fetch(address, init)
      expect(await problemIn(response)).toMatchObject({ status, code: expected })
      expect(response.status).toBe(status)
    }
  })
})

describe('the end of the demo', { timeout: START_MS }, () => {
  test('a second demo on the same data is told where the first one is', async () => {
    const second = new DemoProcess(dataDir)
    expect(await second.exited).toBe(1)
    expect(second.output).toContain(`A demo is already running at ${url}`)
  })

  test('a taken port is named before anything is started', async () => {
    const elsewhere = path.join(dataDir, 'elsewhere')
    const second = new DemoProcess(elsewhere, { PORT: new URL(url).port })
    expect(await second.exited).toBe(1)
    expect(second.output).toContain(`Port ${new URL(url).port} is taken`)
  })

  test('nothing is left of a demo that is stopped while it starts', async () => {
    const second = new DemoProcess(path.join(dataDir, 'elsewhere'))
    await vi.waitFor(() => expect(second.output).toContain('Starting the gateway'), { timeout: 60_000, interval: 20 })
    second.signal('SIGTERM')
    expect(await second.exited).toBe(143)
    expect(second.processes()).toEqual([])
  })

  test('its parts end with it when it is killed, and the next one goes on', async () => {
    demo.signal('SIGKILL')
    await demo.exited
    await nobodyLeft()
    await startDemo()
    expect((await fetch(`${url}/demo/api/phones`)).status).toBe(200)
  })

  test.each([
    ['simulator/bin.js', 'The simulated WhatsApp has ended (SIGKILL)'],
    ['gateway-child.js', 'The gateway has ended (SIGKILL)'],
  ])('when %s ends by itself, the demo says so and ends too', async (program, sentence) => {
    const part = demo.processes().find(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program))
    if (part === undefined) throw new Error(`${program} does not run`)
    process.kill(part, 'SIGKILL')
    expect(await demo.exited).toBe(1)
    expect(demo.output).toContain(sentence)
    expect(demo.output).toContain('Run npm run demo again; all accounts are kept.')
    expect(demo.processes()).toEqual([])
    await startDemo()
  })
})
