import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { CloseReason, Engine } from '../../src/backend/engine/engine.js'
import { EngineRig } from '../support/engine-rig.js'

let rig: EngineRig

beforeAll(async () => {
  rig = await EngineRig.start()
})

afterEach(() => rig.simulator.fault('clear-faults'))

afterAll(() => rig[Symbol.asyncDispose]())

async function reasonOf(engine?: Engine): Promise<CloseReason> {
  const account = await rig.account()
  account.connect(undefined, engine)
  const { reason } = await account.next('closed')
  expect(account.events.all()).toHaveLength(1)
  return reason
}

test.each([
  [200, 'unreachable'],
  [302, 'unreachable'],
  [400, 'unreachable'],
  [401, 'unreachable'],
  [403, 'unreachable'],
  [405, 'unreachable'],
  [429, 'rate_limited'],
  [500, 'server_error'],
  [503, 'server_error'],
])('an upgrade answered with HTTP %i', async (status, kind) => {
  await rig.simulator.fault('upgrade-status', { status, ...(status === 302 && { location: 'http://127.0.0.1:9/' }) })
  expect(await reasonOf()).toEqual({ plane: 'http', kind, status, phase: 'linking' })
})

test.each([
  [429, '120', 120_000],
  [503, '0', 0],
  [503, '999999999', 86_400_000],
  [503, 'Thu, 01 Jan 1970 00:00:00 GMT', 0],
  [503, 'Fri, 31 Dec 9999 23:59:59 GMT', 86_400_000],
  [503, 'later', undefined],
])('HTTP %i that asks for a wait of "%s"', async (status, retryAfter, retryAfterMs) => {
  await rig.simulator.fault('upgrade-status', { status, retryAfter })
  expect((await reasonOf()).retryAfterMs).toBe(retryAfterMs)
})

test('a login meets the same', async () => {
  const account = await rig.linked(await rig.phone())
  await account.close()
  const before = account.count('closed')
  await rig.simulator.fault('upgrade-status', { status: 401 })
  account.connect()
  expect((await account.next('closed', before)).reason).toMatchObject({
    plane: 'http',
    kind: 'unreachable',
    status: 401,
    phase: 'syncing',
  })
  await rig.simulator.fault('clear-faults')
  await account.open()
})

const unreachable = { plane: 'local', kind: 'unreachable' }

test('silence', async () => {
  await rig.simulator.fault('upgrade-silence')
  expect(await reasonOf(rig.engineAt(rig.simulator.url, 200))).toEqual({
    ...unreachable,
    status: null,
    phase: 'linking',
  })
})

test('a reset', async () => {
  await rig.simulator.fault('upgrade-reset')
  expect(await reasonOf()).toMatchObject(unreachable)
})

test('a name that no server has', async () => {
  // a label this long is refused by the resolver itself: no question leaves the machine
  expect(await reasonOf(rig.engineAt(`ws://${'a'.repeat(64)}.invalid/ws/chat`))).toMatchObject(unreachable)
})

async function withServer<Result>(answer: string | null, act: (port: number) => Promise<Result>): Promise<Result> {
  const server: Server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    if (answer !== null) socket.once('data', () => socket.end(answer))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  if (answer === null) await new Promise(resolve => server.close(resolve))
  try {
    return await act(port)
  } finally {
    server.close()
  }
}

test('a port that nobody listens on', () =>
  withServer(null, async port => {
    expect(await reasonOf(rig.engineAt(`ws://127.0.0.1:${port}/ws/chat`))).toMatchObject(unreachable)
  }))

test.each(['ws', 'wss'])('somebody who speaks no HTTP and no TLS, by %s', scheme =>
  withServer('220 mail.example ESMTP\r\n', async port => {
    expect(await reasonOf(rig.engineAt(`${scheme}://127.0.0.1:${port}/ws/chat`))).toMatchObject(unreachable)
  }),
)
