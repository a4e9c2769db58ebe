import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Attacker } from './support/attacker.js'
import { shareBrowser, type SharedBrowser } from './support/browser.js'
import { linkingPage } from './support/linking-page.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'
import { Visitor } from './support/visitor.js'

/** Another site, as browsers count: a name is never the same site as an address. */
const evil = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>Win a prize</title><body>')
})

let gateway: TestGateway
let rows: Rows
let shared: SharedBrowser
let context: BrowserContext
/** The linking page in the browser of the one attacked. */
let home: Page
let victim: Visitor
let victimsId = ''

beforeAll(async () => {
  gateway = await TestGateway.start({ pages: linkingPage() })
  rows = new Rows(gateway.database.ownerUrl)
  shared = await shareBrowser()
  evil.listen(0)
  await once(evil, 'listening')
  context = await shared.browser.newContext()
  home = await context.newPage()
  await home.goto(gateway.url)
  victimsId = await home.evaluate(async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch('/api/sessions/start', { method: 'POST', headers, body: '{}' })
    return ((await answer.json()) as { sessionId: string }).sessionId
  })
  const [cookie] = await context.cookies(gateway.url)
  victim = new Visitor(gateway.url, `${cookie?.name}=${cookie?.value}`)
})

afterAll(async () => {
  await context.close()
  await shared[Symbol.asyncDispose]()
  evil.close()
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const attacker = () => new Attacker(gateway.url)

const attemptCount = async () => (await rows.query('select from link_attempts')).length

/** Whatever was tried: the one attacked links on as if nothing had been. */
async function expectVictimUnharmed(): Promise<void> {
  expect(await victim.view(victimsId)).toMatchObject({ sessionId: victimsId, phase: 'scanning', state: 'linking' })
}

async function openEvilPage(): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`)
  return page
}

describe('a page of another site in the same browser', () => {
  test('cannot show the linking page within itself', async () => {
    const page = await openEvilPage()
    for (const path of ['/', '/api/sessions/current', '/docs', '/nowhere']) {
      const refused = page.waitForEvent('requestfailed', request => request.url() === gateway.url + path)
      const src = gateway.url + path
      await page.evaluate(url => {
        const frame = document.createElement('iframe')
        frame.src = url
        document.body.append(frame)
      }, src)
      await refused
    }
    await expect.poll(() => page.frames().length).toBe(5)
    for (const frame of page.frames().slice(1)) {
      await expect.poll(() => frame.url()).toBe('chrome-error://chromewebdata/')
      expect(await frame.content()).not.toMatch(/WHIZ|sessionId|Scan/)
    }
    for (const path of ['/', '/docs', '/nowhere', '/api/sessions/current', '/health']) {
      const { headers } = await attacker().ask('GET', path)
      expect(headers['content-security-policy'], path).toContain("frame-ancestors 'none'")
      expect(headers['x-frame-options'], path).toBe('DENY')
    }
    await page.close()
  })

  test('cannot start, cancel, read or watch anything', async () => {
    const before = await attemptCount()
    const page = await openEvilPage()
    const told = await page.evaluate(
      async ({ url, id }) => {
        const outcome = (asking: Promise<Response>) =>
          asking.then(
            async answer => `${answer.type} ${answer.status} ${await answer.text()}`,
            () => 'refused',
          )
        const all = { credentials: 'include' } as const
        const json = { 'content-type': 'application/json' }
        const start = `${url}/api/sessions/start`
        const watched = new Promise<string>(resolve => {
          const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?after=0`)
          socket.addEventListener('open', () => resolve('opened'))
          socket.addEventListener('error', () => resolve('refused'))
        })
        const framed = new Promise<string>(resolve => {
          const frame = document.createElement('iframe')
          frame.name = 'target'
          document.body.append(frame)
          const form = document.createElement('form')
          Object.assign(form, { action: start, method: 'post', enctype: 'text/plain', target: 'target' })
          const input = document.createElement('input')
          Object.assign(input, { name: '{"a":"', value: '"}' })
          form.append(input)
          document.body.append(form)
          frame.addEventListener('load', () => resolve('answered'))
          form.submit()
        })
        return {
          simple: await outcome(fetch(start, { ...all, method: 'POST', mode: 'no-cors', body: '{}' })),
          json: await outcome(fetch(start, { ...all, method: 'POST', headers: json, body: '{}' })),
          cancel: await outcome(fetch(`${url}/api/sessions/${id}`, { ...all, method: 'DELETE' })),
          read: await outcome(fetch(`${url}/api/sessions/current`, all)),
          blind: await outcome(fetch(`${url}/api/sessions/current`, { ...all, mode: 'no-cors' })),
          watched: await watched,
          framed: await framed,
        }
      },
      { url: gateway.url, id: victimsId },
    )
    const nothing = { simple: 'refused', json: 'refused', cancel: 'refused', read: 'refused', blind: 'refused' }
    expect(told).toEqual({ ...nothing, watched: 'refused', framed: 'answered' })
    expect(await attemptCount()).toBe(before)
    const cookies = await context.cookies(gateway.url)
    expect(cookies.map(({ value }) => value)).toEqual([victim.cookie?.split('=')[1]])
    await expectVictimUnharmed()
    await page.close()
  })

  test('cannot look into a window that it opened', async () => {
    const page = await openEvilPage()
    const opening = context.waitForEvent('page')
    await page.evaluate(url => Object.assign(window, { opened: window.open(url) }), gateway.url)
    const opened = await opening
    await opened.waitForLoadState()
    expect(await opened.title()).toContain('WHIZ LITE')
    const seen = await page.evaluate(() => {
      try {
        return (window as unknown as { opened: Window }).opened.document.title
      } catch {
        return 'refused'
      }
    })
    expect(seen).toBe('refused')
    await opened.close()
    await page.close()
  })
})

describe('requests as another site could make them, with the victim’s cookie as well', () => {
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'file://' },
    { 'sec-fetch-site': 'cross-site' },
    // a name of theirs that was made to resolve to this machine
    { host: 'evil.example' },
    { host: 'evil.example', origin: 'http://evil.example' },
    { host: '127.0.0.1.evil.example' },
  ]

  test('start nothing and cancel nothing, not even with the victim’s cookie', async () => {
    const before = await attemptCount()
    for (const headers of foreign) {
      const away = attacker()
      const cookie = victim.cookie ?? ''
      for (const said of [
        await away.start({}, { ...headers, cookie }),
        await away.start({}, headers),
        await away.ask('DELETE', `/api/sessions/${victimsId}`, { headers: { ...headers, cookie } }),
      ]) {
        expect({ headers, status: said.status }).toEqual({ headers, status: 403 })
        expect(said.headers['set-cookie']).toBeUndefined()
        expect(said.headers['access-control-allow-origin']).toBeUndefined()
      }
    }
    expect(await attemptCount()).toBe(before)
    await expectVictimUnharmed()
  })

  test('of a form are refused by their type, and a name that was rebound reads nothing', async () => {
    const before = await attemptCount()
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']
    for (const type of types) {
      const said = await attacker().ask('POST', '/api/sessions/start', {
        headers: { cookie: victim.cookie ?? '', ...(type !== '' && { 'content-type': type }) },
        body: '{}',
      })
      expect({ type, status: said.status }).toEqual({ type, status: 415 })
    }
    for (const path of ['/api/sessions/current', `/api/sessions/${victimsId}`, '/api/page-settings']) {
      const said = await attacker().ask('GET', path, { headers: { host: 'evil.example', cookie: victim.cookie ?? '' } })
      expect({ path, status: said.status }).toEqual({ path, status: 403 })
      expect(said.body).not.toContain(victimsId)
    }
    const preflight = await attacker().ask('OPTIONS', '/api/sessions/start', {
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    })
    expect(Object.keys(preflight.headers).filter(name => name.startsWith('access-control'))).toEqual([])
    expect(await attemptCount()).toBe(before)
    await expectVictimUnharmed()
  })
})
