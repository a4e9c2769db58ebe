import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventTeller } from './support/event-teller.js'
import { LiveScene, reasonsOf } from './support/live-scene.js'
import type { MemberLine } from './support/member-line.js'
import type { TwoNodes } from './support/two-nodes.js'

let scene: LiveScene
let nodes: TwoNodes
let teller: EventTeller
let sessionId: string

beforeAll(async () => {
  scene = await LiveScene.open()
  ;({ nodes, teller, sessionId } = scene)
})
afterAll(() => scene[Symbol.asyncDispose]())

const listen = (url?: string) => scene.listen(url)

describe('a line', () => {
  test.each([
    '',
    '{',
    'null',
    '[]',
    '"subscribe"',
    '{}',
    '{"event":"subscribe"}',
    '{"event":"subscribe","data":{"sessionId":"*"}}',
    '{"event":"subscribe","data":{"sessionId":null}}',
    '{"event":"subscribe","data":{"after":-1}}',
    '{"event":"subscribe","data":{"after":1.5}}',
    '{"event":"subscribe","data":{"after":1e300}}',
    '{"event":"subscribe","data":{"after":"1"}}',
    '{"event":"subscribe","data":{"userId":"x"}}',
    '{"event":"unsubscribe","data":[]}',
    '{"event":"publish","data":{}}',
    '{"__proto__":{"event":"ping"}}',
  ])('is told that it cannot be understood: %s', async text => {
    const line = await listen()
    await line.waitForEvent('ready')
    line.socket.send(text)
    expect((await line.waitForEvent('refused')).data).toMatchObject({ code: 'invalid_frame', sessionId: null })
    line.ask('ping')
    await line.waitForEvent('pong')
    await line.close()
  })

  test('listens to all or to some, not to both', async () => {
    const line = await listen()
    await line.subscribe()
    await expect(line.subscribe({ sessionId })).rejects.toThrow('subscribed_otherwise')
    line.ask('unsubscribe', {})
    await line.waitForEvent('unsubscribed')
    line.ask('subscribe', { sessionId })
    await line.waitFor(({ event, data }) => {
      return event === 'subscribed' && (data as { sessionId: string }).sessionId === sessionId
    })
    await line.close()
  })

  test.each([
    ['a binary frame', (line: MemberLine) => line.socket.send(Buffer.from('{"event":"ping"}')), 1003],
    ['a frame that is too large', (line: MemberLine) => line.socket.send('x'.repeat(4_097)), 1009],
    ['what is no UTF-8', (line: MemberLine) => line.socket.send(Buffer.from([0xc3, 0x28]), { binary: false }), 1007],
    ['too many frames', (line: MemberLine) => repeat(500, () => line.ask('ping')), 4429],
    ['too many pings', (line: MemberLine) => repeat(500, () => line.socket.ping()), 4429],
  ])('that sends %s is closed', async (_, misbehave, code) => {
    const line = await listen()
    await line.waitForEvent('ready')
    misbehave(line)
    // a flood may break the line before its last word is read
    expect([code, ...(code === 4429 ? [1006] : [])]).toContain(await line.closed)
    expect((await nodes.gateway.visitor().request('GET', '/health')).status).toBe(200)
  })

  test('whose reader stands still is cut off, and goes on where it was', async () => {
    const line = await listen(nodes.here.url)
    const start = await line.subscribe({ sessionId })
    line.socket.pause()
    const total = 300
    for (let index = 0; index < total; index++) await teller.lost(sessionId, `${index} ${'x'.repeat(60_000)}`)
    await expect
      .poll(() => nodes.gateway.logLines.some(text => text.includes('feed_cut_off') && text.includes('too_slow')))
      .toBe(true)
    line.socket.resume()
    expect(await line.closed).toBe(4408)
    expect(line.events().length).toBeLessThan(total)
    const rest = await listen()
    await rest.subscribe({ sessionId, after: line.events().at(-1)?.seq ?? start })
    await rest.waitFor(({ data }) => String((data as { reason?: string }).reason).startsWith(`${total - 1} `))
    const numbers = [...reasonsOf(line), ...reasonsOf(rest)].map(text => Number.parseInt(text, 10))
    expect(numbers).toEqual(Array.from({ length: total }, (_, index) => index))
    await rest.close()
  })
})

function repeat(times: number, act: () => void): void {
  for (let index = 0; index < times; index++) act()
}
