import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventTeller } from './support/event-teller.js'
import { hears, LiveScene, reasonsOf } from './support/live-scene.js'
import { MemberLine } from './support/member-line.js'
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

describe('who subscribes', () => {
  test('to all hears of all from then on, on every node', async () => {
    const before = await teller.lost(sessionId, 'before')
    const lines = await Promise.all([listen(nodes.here.url), listen(nodes.there.url)])
    for (const line of lines) expect(await line.subscribe()).toBe(before)
    const seq = await teller.lost(sessionId, 'one', 'two')
    for (const line of lines) {
      await hears(line, 'two')
      expect(line.events()).toEqual([
        { event: 'connection_lost', data: { sessionId, status: 'disconnected', reason: 'one' }, seq: seq - 1 },
        { event: 'connection_lost', data: { sessionId, status: 'disconnected', reason: 'two' }, seq },
      ])
      await line.close()
    }
  })

  test('to one session hears of that one, until it has heard enough', async () => {
    const other = (await nodes.link()).sessionId
    const line = await listen()
    await line.subscribe({ sessionId })
    await teller.lost(other, 'other')
    await teller.lost(sessionId, 'mine')
    await hears(line, 'mine')
    await line.subscribe({ sessionId: other })
    await teller.lost(other, 'other too')
    await hears(line, 'other too')
    line.ask('unsubscribe', { sessionId })
    await line.waitForEvent('unsubscribed')
    await teller.lost(sessionId, 'not mine any more')
    await teller.lost(other, 'last')
    await hears(line, 'last')
    expect(reasonsOf(line)).toEqual(['mine', 'other too', 'last'])
    await line.close()
  })

  test('without a word hears nothing', async () => {
    const [silent, line] = [await listen(), await listen()]
    await silent.waitForEvent('ready')
    await line.subscribe()
    await teller.lost(sessionId, 'said')
    await hears(line, 'said')
    expect(silent.events()).toEqual([])
    await silent.close()
    await line.close()
  })

  test('with a number hears all that came after it, nothing twice, and then goes on', async () => {
    const start = await teller.lost(sessionId, 'start')
    const reasons = Array.from({ length: 250 }, (_, index) => `backfill ${index}`)
    await teller.lost(sessionId, ...(reasons as [string, ...string[]]))
    const line = await listen()
    expect(await line.subscribe({ sessionId, after: start })).toBe(start)
    await teller.lost(sessionId, 'live')
    await hears(line, 'live')
    expect(reasonsOf(line)).toEqual([...reasons, 'live'])
    const half = start + 125
    expect(await line.subscribe({ sessionId, after: half })).toBe(start)
    await line.waitFor(({ event, data }) => event === 'subscribed' && (data as { after: number }).after === half)
    await teller.lost(sessionId, 'live again')
    await hears(line, 'live again')
    expect(reasonsOf(line).slice(251)).toEqual([...reasons.slice(125), 'live', 'live again'])
    await line.close()
  })

  test('sees a link under way with its QR, as who has begun it, and no visitor’s', async () => {
    const line = await listen()
    await line.subscribe()
    const visitor = nodes.gateway.visitor()
    const { sessionId: visitors } = await visitor.start()
    const { body } = await nodes.here.ask('POST', '/api/v1/sessions', {})
    const linking = String(body['sessionId'])
    const { data } = await line.waitForEvent('qr_code')
    expect(data).toMatchObject({ sessionId: linking, qrCode: expect.stringMatching(/^data:image\/png/) as unknown })
    await nodes.here.ask('DELETE', `/api/v1/sessions/${linking}`)
    await visitor.request('DELETE', `/api/sessions/${visitors}`)
    await line.waitFor(({ event, data: about }) => {
      return event === 'link_ended' && (about as { sessionId: string }).sessionId === visitors
    })
    const pictures = line.events().filter(({ event }) => event === 'qr_code')
    expect(pictures.map(({ data: about }) => (about as { sessionId: string }).sessionId)).not.toContain(visitors)
    await line.close()
  })
})

describe('a resync', () => {
  test('is told for a number that the log never had, and listening goes on from its end', async () => {
    const last = await teller.lost(sessionId, 'last')
    const line = await listen()
    expect(await line.subscribe({ after: last + 1_000 })).toBe(last)
    const { data } = await line.waitForEvent('resync')
    expect(data).toEqual({ sessionId: null, after: last, reason: 'unknown_position' })
    await teller.lost(sessionId, 'after all')
    await hears(line, 'after all')
    await line.close()
  })

  test('is told for what the log has forgotten, and for nothing else', async () => {
    const last = await teller.lost(sessionId, 'a', 'b', 'c')
    await nodes.rows.query('delete from whizlite.event_log where seq < $1', [last - 1])
    const complete = await listen()
    expect(await complete.subscribe({ after: last - 2 })).toBe(last - 2)
    await hears(complete, 'c')
    expect(complete.all().map(({ event }) => event)).not.toContain('resync')
    await complete.close()
    const late = await listen()
    expect(await late.subscribe({ after: last - 3 })).toBe(last - 2)
    await hears(late, 'c')
    expect(late.all().find(({ event }) => event === 'resync')).toEqual({
      event: 'resync',
      data: { sessionId: null, after: last - 2, reason: 'forgotten' },
      seq: 0,
    })
    expect(reasonsOf(late)).toEqual(['b', 'c'])
    await late.close()
  })
})

test('who comes back after a restart hears what was told meanwhile, once', async () => {
  const { gateway } = nodes
  const line = await MemberLine.withTicket(nodes.there, { url: gateway.url })
  await line.subscribe()
  const before = await teller.lost(sessionId, 'before')
  await hears(line, 'before')
  await gateway.stopApp()
  await line.closed
  await teller.lost(sessionId, 'while it was down')
  await gateway.startApp()
  const again = await MemberLine.withTicket(nodes.there, { url: gateway.url })
  await again.subscribe({ after: before })
  await teller.lost(sessionId, 'after')
  await hears(again, 'after')
  // the sessions of the node that stopped tell of themselves as well
  const told = (heard: MemberLine) =>
    reasonsOf(heard).filter(reason => ['before', 'while it was down', 'after'].includes(reason))
  expect([told(line), told(again)]).toEqual([['before'], ['while it was down', 'after']])
  await again.close()
})
