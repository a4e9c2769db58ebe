import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import express, { Router } from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../src/client/index.js'
import { shareBrowser, type SharedBrowser } from './support/browser.js'
import { Operator } from './support/operator.js'
import { TestGateway } from './support/test-gateway.js'

/** As it is published: plain modules, which a browser loads without a build. */
const published = fileURLToPath(new URL('../dist/client', import.meta.url))

const startScript = `import { createClient } from './client/index.js'\nObject.assign(globalThis, { createClient })`

type InPage = {
  createClient: (options: { url: string; token: string }) => Client
  heard: string[]
}

let shared: SharedBrowser
let gateway: TestGateway
const token = randomBytes(32).toString('hex')

beforeAll(async () => {
  shared = await shareBrowser()
  const pages = Router()
    .use('/client', express.static(published))
    .get('/start.js', (_request, response) => void response.type('js').send(startScript))
    .get('/', (_request, response) => void response.type('html').send('<script type="module" src="start.js"></script>'))
  gateway = await TestGateway.start({ pages, env: { WHATSAPP_SERVICE_TOKEN: token } })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await shared[Symbol.asyncDispose]()
})

test('the client works in a page as it is, calls, problems and live events', async () => {
  const context = await shared.browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(gateway.url)
    await page.waitForFunction(() => 'createClient' in globalThis)
    const before = await page.evaluate(async given => {
      const { createClient } = globalThis as unknown as InPage
      const client = createClient({ url: location.origin, token: given })
      const heard: string[] = []
      Object.assign(globalThis, { heard })
      const live = client.live()
      live.on('link_ended', ({ data }) => void heard.push(data.sessionId))
      await live.subscribe()
      const problem = await client.sessions.get({ sessionId: 'x' }).catch((error: unknown) => error as { code: string })
      return { sessions: (await client.sessions.list()).sessions, problem: 'code' in problem && problem.code }
    }, token)
    expect(before).toEqual({ sessions: [], problem: 'session_not_found' })
    const operator = new Operator(gateway.url, token)
    const { body } = await operator.ask('POST', '/api/v1/sessions', {})
    await operator.ask('DELETE', `/api/v1/sessions/${String(body['sessionId'])}`)
    await page.waitForFunction(() => (globalThis as unknown as InPage).heard.length > 0)
    expect(await page.evaluate(() => (globalThis as unknown as InPage).heard)).toEqual([body['sessionId']])
  } finally {
    await context.close()
  }
})
