import { WebSocket as NodeSocket } from 'ws'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createClient, LiveRefusedError, ProblemError, type Client, type LiveEvents } from '../src/client/index.js'
import { endpoints } from '../src/client/endpoints.js'
import type { EventEnvelope } from '../src/contract/events.js'
import { EventTeller } from './support/event-teller.js'
import { pictureOf } from './support/picture-of.js'
import { TcpProxy } from './support/tcp-proxy.js'
import { TwoNodes } from './support/two-nodes.js'

let nodes: TwoNodes
let client: Client
let sessionId: string
let teller: EventTeller
const opened: LiveEvents[] = []

beforeAll(async () => {
  nodes = await TwoNodes.start()
  client = createClient({ url: nodes.there.url, token: nodes.token })
  const phone = await nodes.phone()
  const { sessionId: id, link } = await client.sessions.link({ name: 'Shop' })
  await phone.scanPicture(pictureOf(link?.qrCode ?? ''))
  await vi.waitFor(
    async () => expect(await client.sessions.get({ sessionId: id })).toMatchObject({ state: 'connected' }),
    {
      timeout: 20_000,
    },
  )
  sessionId = id
  const [session] = await nodes.rows.query<{ workspace_id: string }>('select workspace_id from whizlite.sessions')
  teller = await EventTeller.open(nodes.gateway, session?.workspace_id ?? '')
})
afterEach(() => {
  for (const live of opened.splice(0)) live.close()
})
afterAll(async () => {
  await teller[Symbol.asyncDispose]()
  await nodes[Symbol.asyncDispose]()
})

function open(url = nodes.there.url): { live: LiveEvents; heard: EventEnvelope[] } {
  const live = createClient({ url, token: nodes.token, WebSocket: NodeSocket }).live()
  opened.push(live)
  const heard: EventEnvelope[] = []
  live.on('event', event => void heard.push(event))
  return { live, heard }
}

test('has a call for every route below /api/v1, and none that is not there', async () => {
  const response = await fetch(`${nodes.gateway.url}/openapi.json`)
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, unknown>> }
  const told = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/v1/'))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    )
  const known = Object.values(endpoints).flatMap(group => Object.values(group).map(to => `${to.method} ${to.path}`))
  expect(known.toSorted()).toEqual(told.toSorted())
})

test('repeats a POST only where the gateway knows it again by its key', async () => {
  const response = await fetch(`${nodes.gateway.url}/openapi.json`)
  const { paths } = (await response.json()) as { paths: Record<string, { post?: { parameters: unknown[] } }> }
  const key = { $ref: '#/components/parameters/idempotencyKey' }
  const kept = Object.entries(paths).flatMap(([path, { post }]) =>
    post && JSON.stringify(post.parameters).includes(JSON.stringify(key)) ? [path.replace(/\{(\w+)\}/g, ':$1')] : [],
  )
  const all = Object.values(endpoints).flatMap(group => Object.values(group))
  const keyed: string[] = all.filter(({ repeats }) => repeats === 'keyed').map(({ path }) => path)
  expect(keyed.toSorted()).toEqual(kept.filter(path => path.startsWith('/api/v1/')).toSorted())
})

describe('calls', () => {
  test('link, name, list and read a session, and read what it was', async () => {
    const other = await client.sessions.link({ method: 'qr' })
    expect(other.link?.qrCode).toMatch(/^data:image\/png/)
    expect(await client.sessions.delete({ sessionId: other.sessionId })).toMatchObject({ sessionId: other.sessionId })
    expect(await client.sessions.update({ sessionId, name: 'Shop 2' })).toMatchObject({ name: 'Shop 2' })
    const { sessions, next } = await client.sessions.list({ limit: 1, state: ['connected', 'disconnected'] })
    expect([sessions.map(session => session.sessionId), next]).toEqual([[sessionId], null])
    const { entries } = await client.sessions.history({ sessionId, limit: 1 })
    expect(entries[0]).toMatchObject({ state: 'connected' })
  })

  test('disconnect and connect', async () => {
    expect(await client.sessions.disconnect({ sessionId })).toMatchObject({ state: 'disconnected' })
    await client.sessions.connect({ sessionId })
    await vi.waitFor(
      async () => expect(await client.sessions.get({ sessionId })).toMatchObject({ state: 'connected' }),
      { timeout: 20_000 },
    )
  })

  test('are carried out once under one idempotency key', async () => {
    const once = { idempotencyKey: 'order-1' }
    const { sessionId: first } = await client.sessions.link({}, once)
    expect(await client.sessions.link({}, once)).toMatchObject({ sessionId: first })
    await expect(client.sessions.link({ name: 'Other' }, once)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    })
    await client.sessions.delete({ sessionId: first })
  })

  test('tell what was refused, and why', async () => {
    const refused = await client.sessions.get({ sessionId: 'nonsense' }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ProblemError)
    expect(refused).toMatchObject({ code: 'session_not_found', status: 404 })
    await expect(client.sessions.link({ method: 'code' })).rejects.toMatchObject({
      code: 'validation_failed',
      fields: [{ path: 'phoneNumber' }],
    })
    const stranger = createClient({ url: nodes.here.url, token: 'wrong' })
    await expect(stranger.sessions.list()).rejects.toMatchObject({ status: 401 })
  })
})

describe('live events', () => {
  const numbersOf = (heard: readonly EventEnvelope[]) =>
    heard
      .filter(({ event }) => event === 'connection_lost')
      .map(({ data }) => Number((data as { reason: string }).reason))

  test('arrive by their names', async () => {
    const { live } = open()
    const reasons: string[] = []
    live.on('connection_lost', ({ data, seq }) => void reasons.push(`${data.reason} ${typeof seq}`))
    await live.subscribe()
    await teller.lost(sessionId, 'said')
    await vi.waitFor(() => expect(reasons).toEqual(['said number']), { timeout: 20_000 })
    expect(live.state).toBe('open')
  })

  test('10,000 of them arrive once each and in order, however often the line is cut and the node changes', async () => {
    await using proxy = await TcpProxy.open(nodes.there.url)
    const { live, heard } = open(proxy.through(nodes.there.url))
    const states: string[] = []
    live.on('state', state => void states.push(state))
    const resyncs: unknown[] = []
    live.on('resync', told => void resyncs.push(told))
    await live.subscribe()
    const total = 10_000
    const batch = 250
    for (let start = 0; start < total; start += batch) {
      const reasons = Array.from({ length: batch }, (_, index) => String(start + index))
      await teller.lost(sessionId, ...(reasons as [string, ...string[]]))
      if (start % 2_000 === 0) proxy.reset()
    }
    await vi.waitFor(() => expect(numbersOf(heard)).toHaveLength(total), { timeout: 60_000 })
    expect(numbersOf(heard)).toEqual(Array.from({ length: total }, (_, index) => index))
    expect(states.filter(state => state === 'open').length).toBeGreaterThan(2)
    expect(resyncs).toEqual([])
  }, 120_000)

  test('go on in another process, on another node, from the number that was kept', async () => {
    const first = open(nodes.here.url)
    await first.live.subscribe({ sessionId: sessionId.toUpperCase() })
    await teller.lost(sessionId, '1', '2')
    await vi.waitFor(() => expect(numbersOf(first.heard)).toEqual([1, 2]), { timeout: 20_000 })
    const after = first.live.position({ sessionId }) ?? 0
    first.live.close()
    await teller.lost(sessionId, '3')
    const second = open(nodes.there.url)
    await second.live.subscribe({ sessionId, after })
    await teller.lost(sessionId, '4')
    await vi.waitFor(() => expect(numbersOf(second.heard)).toEqual([3, 4]), { timeout: 20_000 })
    expect(numbersOf(first.heard)).toEqual([1, 2])
  })

  test('a resync is told', async () => {
    const { live } = open()
    const resyncs: unknown[] = []
    live.on('resync', told => void resyncs.push(told))
    await live.subscribe({ after: 900_000_000 })
    await vi.waitFor(() => expect(resyncs).toMatchObject([{ sessionId: null, reason: 'unknown_position' }]))
  })

  test('of a session that is not there are refused, and the rest goes on', async () => {
    const { live, heard } = open()
    const refused = await live
      .subscribe({ sessionId: '00000000-0000-4000-8000-000000000000' })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(LiveRefusedError)
    expect(refused).toMatchObject({ code: 'session_not_found' })
    await live.subscribe({ sessionId })
    await teller.lost(sessionId, '7')
    await vi.waitFor(() => expect(numbersOf(heard)).toEqual([7]), { timeout: 20_000 })
    live.unsubscribe({ sessionId })
    expect(live.position({ sessionId })).toBeNull()
  })

  test('end for good for who is not known', async () => {
    const live = createClient({ url: nodes.there.url, token: 'wrong', WebSocket: NodeSocket }).live()
    const ended = new Promise(resolve => live.on('ended', resolve))
    await expect(live.subscribe()).rejects.toMatchObject({ status: 401 })
    expect(await ended).toBeInstanceOf(ProblemError)
    expect(live.state).toBe('closed')
    await expect(live.subscribe()).rejects.toThrow('closed')
  })
})
