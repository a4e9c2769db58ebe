import { randomBytes } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CliTerminal, type CliTerminalOptions } from '../../../tests/support/cli-terminal.js'
import { encodeSessionId } from '../../session/index.js'
import { linkedSource } from '../../session/session-id.fixture.js'

type Asked = { path: string | undefined; headers: IncomingHttpHeaders; body: unknown }

const id = '0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10'
const token = randomBytes(32).toString('hex')
const text = encodeSessionId(linkedSource())
let server: Server
let url: string
let asked: Asked[]
let answer: { status: number; body: object }

/** Hears what is really sent; what a gateway makes of it is shown by the journeys. */
beforeEach(async () => {
  asked = []
  answer = { status: 200, body: { sessionId: id, state: 'connecting' } }
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      asked.push({ path: request.url, headers: request.headers, body: JSON.parse(body) })
      response.writeHead(answer.status).end(JSON.stringify(answer.body))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise<void>(resolve => server.close(() => resolve()))
})

async function run(words: string[], options: CliTerminalOptions = {}) {
  const terminal = new CliTerminal({ window: null, piped: text, env: { WHATSAPP_SERVICE_TOKEN: token }, ...options })
  const code = await terminal.run('session', ...words, '--url', url)
  expect(terminal.told).not.toContain(token)
  expect(terminal.told).not.toContain(text.slice(20, 60))
  return { code, told: terminal.told, questions: terminal.questions }
}

describe('whizlite session import', () => {
  test('hands the string over with the service token and nothing else', async () => {
    const { code, told } = await run(['import', '-', '--bot-stopped'])
    expect({ code, asked: asked.length }).toEqual({ code: 0, asked: 1 })
    expect(asked[0]).toMatchObject({ path: '/api/v1/sessions/import', headers: { authorization: `Bearer ${token}` } })
    expect(asked[0]?.body).toEqual({ sessionIdString: text, botStopped: true })
    expect(told).toContain(`Session ${id}: connecting.`)
  })

  test('refuses while nobody has said that the bot is stopped', async () => {
    const { code, told } = await run(['import'])
    expect({ code, asked }).toEqual({ code: 1, asked: [] })
    expect(told).toContain('throw each other off WhatsApp')
    expect(told).toContain('--bot-stopped')
  })

  test('asks on a terminal, where only yes is a yes', async () => {
    expect(await run(['import'], { answers: [text, 'y'] })).toMatchObject({ code: 1 })
    expect(asked).toEqual([])
    const sure = await run(['import'], { answers: [text, ' Yes '] })
    expect(sure.code).toBe(0)
    expect(sure.questions[1]).toContain('stopped for good?')
    expect(asked).toHaveLength(1)
  })

  test('sends nothing that no gateway could read', async () => {
    const { code, told } = await run(['import', '--bot-stopped'], { piped: text.slice(0, -9) })
    expect({ code, asked }).toEqual({ code: 1, asked: [] })
    expect(told).toContain('is damaged or incomplete')
  })

  test('tells a refusal in the gateway’s words, and an older gateway by its 404', async () => {
    answer = {
      status: 401,
      body: { code: 'invalid_service_token', detail: 'The token is wrong.', action: 'Check it.' },
    }
    expect((await run(['import', '--bot-stopped'])).told).toBe('The token is wrong. Check it.\n')
    answer = { status: 404, body: { code: 'not_found', detail: 'There is nothing at this address.' } }
    expect((await run(['import', '--bot-stopped'])).told).toContain('This gateway cannot take sessions over.')
  })
})

describe('whizlite session take-back', () => {
  test('names the session, and goes on from what the gateway has', async () => {
    expect(await run(['take-back', id, '--bot-stopped'])).toMatchObject({ code: 0 })
    expect(asked[0]).toMatchObject({ path: `/api/v1/sessions/${id}/take-back` })
    expect(asked[0]?.body).toEqual({ botStopped: true })
  })

  test('or from what the bot has written', async () => {
    expect(await run(['take-back', id, '--from', '-', '--bot-stopped'])).toMatchObject({ code: 0 })
    expect(asked[0]?.body).toEqual({ botStopped: true, sessionIdString: text })
  })

  test('refuses like import', async () => {
    expect(await run(['take-back', id])).toMatchObject({ code: 1 })
    expect(asked).toEqual([])
  })
})
