import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { askGateway, NoAnswer } from '../src/cli/gateway/ask-gateway.js'
import { followAttempt } from '../src/cli/link/follow-attempt.js'
import { createLinkClient, type LinkClient } from '../src/cli/link/link-client.js'
import type { LinkPhase } from '../src/contract/linking.js'
import { CliProcess } from './support/cli-process.js'
import { CliTerminal, photograph } from './support/cli-terminal.js'
import { TcpProxy } from './support/tcp-proxy.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await TestGateway.start()
})

afterAll(() => gateway[Symbol.asyncDispose]())

describe('whizlite link in a terminal', () => {
  let terminal: CliTerminal

  beforeEach(() => {
    terminal = new CliTerminal()
  })

  // it listens to nothing when it has ended
  afterEach(() => expect(terminal.listeners).toBe(0))

  const drawn = (text: string): Promise<void> =>
    vi.waitFor(() => expect(terminal.frame().join('\n')).toContain(text), { timeout: 20_000, interval: 20 })

  test('draws a QR that a phone scans off the screen, and ends with the session ID in its chat', async () => {
    const phone = await gateway.simulator.phone('254700000101', { name: 'Amina' })
    const ended = terminal.run('link', '--url', gateway.url)
    await drawn('Status: Scanning…')
    const frame = terminal.frame()
    expect(Math.max(...frame.map(line => line.length))).toBeLessThanOrEqual(80)
    expect(frame.length).toBeLessThanOrEqual(50)
    await phone.scanPicture(photograph(frame))

    expect(await ended).toBe(0)
    expect(terminal.output).toContain('All set. Your account is linked.')
    expect(terminal.output).toMatch(/which is no secret: [0-9a-f-]{36}\n$/)
    const messages = await phone.messages(phone.jid)
    expect(messages).toHaveLength(2)
    expect(terminal.output).not.toContain(messages[0]?.text?.slice(0, 30) ?? 'no message')
    // the screen with the code is left, and nothing of it stays
    const left = terminal.output.indexOf('\u001b[?1049l')
    expect(left).toBeGreaterThan(terminal.output.lastIndexOf('Scanning'))
    expect(terminal.output.slice(left)).not.toMatch(/[█▀▄]/)
  })

  test('draws a pairing code that its owner types', async () => {
    const phone = await gateway.simulator.phone('254700000103')
    const ended = terminal.run('link', '--code', '+254 700 000103', '--url', gateway.url)
    await drawn('Waiting for the code…')
    const code = terminal.frame().find(line => /^[1-9A-Z]{4}-[1-9A-Z]{4}$/.test(line)) ?? ''
    expect(terminal.frame().filter(line => line.includes('██')).length).toBeGreaterThanOrEqual(3)
    await phone.enterCode(code)
    expect(await ended).toBe(0)
    expect(await phone.messages(phone.jid)).toHaveLength(2)
  })

  test('draws again when the window changes, and the QR only where it fits', async () => {
    const ended = terminal.run('link', '--url', gateway.url)
    await drawn('Status: Scanning…')
    terminal.resize({ columns: 80, rows: 24 })
    expect(terminal.frame().join(' ')).toContain('This window has 80 columns by 24 rows')
    expect(terminal.frame().length).toBeLessThanOrEqual(24)
    terminal.resize({ columns: 100, rows: 60 })
    expect(terminal.frame().join('\n')).toContain('▀')
    terminal.pressCtrlC()
    expect(await ended).toBe(130)
  })

  test('cancels at the gateway on Ctrl-C, and says so', async () => {
    const ended = terminal.run('link', '--url', gateway.url)
    await drawn('Status: Scanning…')
    const picture = photograph(terminal.frame())
    terminal.pressCtrlC()
    expect(await ended).toBe(130)
    expect(terminal.output).toContain('Cancelling…\nYou cancelled this link.')
    const phone = await gateway.simulator.phone('254700000102')
    await expect(phone.scanPicture(picture)).rejects.toThrow()
  })

  test('cancels also what it has only asked for', async () => {
    const ended = terminal.run('link', '--url', gateway.url)
    terminal.pressCtrlC()
    expect(await ended).toBe(130)
    expect(terminal.output).toContain('You cancelled this link.')
  })

  test('tells why WhatsApp did not link, and what to do', async () => {
    const wrong = await gateway.simulator.phone('254700000104')
    const ended = terminal.run('link', '--code', '+254700000105', '--url', gateway.url)
    await drawn('Waiting for the code…')
    const code = terminal.frame().find(line => /^[1-9A-Z]{4}-[1-9A-Z]{4}$/.test(line)) ?? ''
    await wrong.enterCode(code, { of: '254700000105' })
    expect(await ended).toBe(1)
    const [first = '', action = ''] = terminal.output.slice(terminal.output.indexOf('\u001b[?1049l')).split('\n')
    expect(first).toContain('number')
    expect(action).not.toBe('')
  })
})

describe('whizlite link at a gateway that is full', () => {
  test('shows the place in the queue, and the QR when the turn has come', async () => {
    const env = { LINK_MAX_ACTIVE: '1' }
    await using full = await TestGateway.start({ simulator: gateway.simulator, env })
    const visitor = full.visitor()
    const { sessionId } = await visitor.start()
    const terminal = new CliTerminal()
    const ended = terminal.run('link', '--url', full.url)
    const shows = (text: string): Promise<void> =>
      vi.waitFor(() => expect(terminal.frame().join('\n')).toContain(text), { timeout: 20_000, interval: 20 })
    await shows('Waiting for a free place: number 1 in the queue…')
    await visitor.request('DELETE', `/api/sessions/${sessionId}`)
    await shows('Status: Scanning…')
    terminal.pressCtrlC()
    expect(await ended).toBe(130)
  })
})

describe('whizlite link at a gateway that lets no visitor begin', () => {
  const serviceToken = randomBytes(32).toString('hex')
  let closed: TestGateway

  beforeAll(async () => {
    const env = { LINK_PAGE: 'off', WHATSAPP_SERVICE_TOKEN: serviceToken }
    closed = await TestGateway.start({ simulator: gateway.simulator, env })
  })

  afterAll(() => closed[Symbol.asyncDispose]())

  test('links with the service token, and follows and cancels what it has begun', async () => {
    const terminal = new CliTerminal({ env: { WHATSAPP_SERVICE_TOKEN: serviceToken } })
    const ended = terminal.run('link', '--url', closed.url)
    const phone = await gateway.simulator.phone('254700000111')
    await vi.waitFor(() => expect(terminal.frame().join('\n')).toContain('Status: Scanning…'), { timeout: 20_000 })
    await phone.scanPicture(photograph(terminal.frame()))
    expect(await ended).toBe(0)

    const client = createLinkClient(new URL(`${closed.url}/`), serviceToken)
    await client.start({})
    await client.cancel()
    expect((await client.view()).phase).toBe('cancelled')
  })

  test.each([
    ['none', {}],
    ['that of another gateway', { WHATSAPP_SERVICE_TOKEN: 'that-of-another-gateway' }],
  ])('is a visitor like any other with %s', async (_, env) => {
    const terminal = new CliTerminal({ env })
    expect(await terminal.run('link', '--url', closed.url)).toBe(1)
    expect(terminal.errors).toContain('Linking is closed at the moment.')
  })
})

describe('whizlite link without a terminal', () => {
  test('prints the code and one line for each thing that happens', async () => {
    const phone = await gateway.simulator.phone('254700000106')
    await using link = new CliProcess(['link', '--code', '+254700000106', '--url', gateway.url])
    const code = (await link.line(/^Pairing code: /)).split(' ')[2] ?? ''
    await phone.enterCode(code)
    expect(await link.exited).toBe(0)
    // oxlint-disable-next-line no-control-regex -- there must be none
    expect(link.output).not.toMatch(/\u001b/)
    expect(link.output).toContain('All set. Your account is linked.')
    const lines = link.output.split('\n')
    expect(lines.filter((line, index) => line === lines[index - 1])).toEqual([])
    expect(link.errors).toBe('')
    const [first] = await phone.messages(phone.jid)
    expect(link.output).not.toContain(first?.text?.slice(0, 30) ?? 'no message')
  })

  test('cancels at the gateway when it is interrupted', async () => {
    const phone = await gateway.simulator.phone('254700000107')
    await using link = new CliProcess(['link', '--code', '+254700000107', '--url', gateway.url])
    const code = (await link.line(/^Pairing code: /)).split(' ')[2] ?? ''
    link.signal('SIGINT')
    expect(await link.exited).toBe(130)
    expect(link.output).toContain('You cancelled this link.')
    await expect(phone.enterCode(code)).rejects.toThrow()
  })

  test('starts nothing for a QR that nobody could see, and says what to do', async () => {
    await using link = new CliProcess(['link', '--url', gateway.url])
    expect(await link.exited).toBe(1)
    expect(link.output).toBe('')
    expect(link.errors).toContain('not a terminal. Nothing was started. Run this in a terminal, or add --code')
  })

  test('says in one sentence that no gateway is there', async () => {
    await using link = new CliProcess(['link', '--code', '+254700000108', '--url', 'http://127.0.0.1:9'])
    expect(await link.exited).toBe(1)
    expect(link.errors).toBe(
      'No gateway answers at http://127.0.0.1:9. Start one with "npm start", or give the address of another with --url.\n',
    )
  })
})

describe('following an attempt', () => {
  const signal = new AbortController().signal

  const pictureOf = (client: LinkClient): Promise<Buffer> =>
    vi.waitFor(async () => {
      const { qrCode } = await client.view()
      expect(qrCode).toBeDefined()
      return Buffer.from(qrCode?.split(',')[1] ?? '', 'base64')
    })

  test('goes on by polling where there is no WebSocket', async () => {
    const client = createLinkClient(new URL(`${gateway.url}/`))
    const phone = await gateway.simulator.phone('254700000109')
    await client.start({})
    const picture = await pictureOf(client)
    const phases: LinkPhase[] = []
    const following = followAttempt({
      client: { view: client.view, openFeed: () => new WebSocket('ws://127.0.0.1:9') },
      onView: ({ phase }) => phases.push(phase),
      onSilence: () => phases.push('failed'),
      signal,
      timing: { pollMs: 50 },
    })
    await phone.scanPicture(picture)
    expect((await following)?.phase).toBe('complete')
    expect(phases).not.toContain('failed')
    expect(phases.length).toBeGreaterThan(2)
  })

  test('hears what happens by WebSocket, long before it would ask', async () => {
    const client = createLinkClient(new URL(`${gateway.url}/`))
    const phone = await gateway.simulator.phone('254700000110')
    await client.start({})
    const picture = await pictureOf(client)
    const timing = { pollMs: 600_000, checkMs: 600_000 }
    const following = followAttempt({ client, onView: () => undefined, onSilence: () => undefined, signal, timing })
    await phone.scanPicture(picture)
    expect((await following)?.phase).toBe('complete')
  })

  test('bears a gateway that is silent for a while, and gives up on one that stays so', async () => {
    await using proxy = await TcpProxy.open(gateway.url)
    const client = createLinkClient(new URL(proxy.through(gateway.url)))
    await client.start({})
    const silences: string[] = []
    const ended = new AbortController()
    const following = followAttempt({
      client,
      onView: () => silences.push('heard'),
      onSilence: () => silences.push('silent'),
      signal: ended.signal,
      timing: { pollMs: 20, patienceMs: 100_000 },
    })
    await vi.waitFor(() => expect(silences).toContain('heard'))
    proxy.cut()
    await vi.waitFor(() => expect(silences).toContain('silent'))
    await proxy.restore()
    await vi.waitFor(() => expect(silences.slice(silences.indexOf('silent'))).toContain('heard'))
    ended.abort()
    expect(await following).toBeNull()

    proxy.cut()
    const timing = { pollMs: 10, patienceMs: 0 }
    const giving = followAttempt({ client, onView: () => undefined, onSilence: () => undefined, signal, timing })
    await expect(giving).rejects.toBeInstanceOf(NoAnswer)
    await proxy.restore()
    await client.cancel()
  })

  test('ends when the gateway does not know the attempt any more', async () => {
    const base = new URL(`${gateway.url}/`)
    const { openFeed } = createLinkClient(base)
    const view = async (): Promise<never> => {
      await askGateway(base, { method: 'GET', path: `api/sessions/${randomUUID()}` })
      throw new Error('an unknown attempt was answered')
    }
    const following = followAttempt({
      client: { view, openFeed },
      onView: () => undefined,
      onSilence: () => undefined,
      signal,
    })
    await expect(following).rejects.toThrow('does not know this attempt any more')
  })
})

test('the command is there as npm links it: executable, and before anything is built', () => {
  const command = fileURLToPath(new URL('../whizlite.js', import.meta.url))
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' })
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})
