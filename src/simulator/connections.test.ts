import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { LedgerLine } from './ledger-lines.js'
import { linkClient, RawClient } from './raw-client.fixture.js'
import { startSimulator } from './simulator.js'

async function linesOf(file: string): Promise<LedgerLine[]> {
  const text = await readFile(file, 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line): LedgerLine => JSON.parse(line))
}

test('a device that logs in twice puts its older connection out, and that is a problem to those who asked', async () => {
  await using simulator = await startSimulator()
  const ada = await simulator.phone('49151000311')
  const first = await linkClient(simulator, ada)
  const second = await new RawClient(simulator, first.account).open()
  expect(await first.closed()).toBe(440)
  await simulator.assertClean()
  await simulator.watchOwners()
  const third = await new RawClient(simulator, first.account).open()
  expect(await second.closed()).toBe(440)
  expect(await simulator.problems()).toMatchObject([{ kind: 'violation', account: ada.phoneNumber, device: 1 }])
  const conflict = { reason: 'stream:error', child: 'conflict', type: 'replaced' }
  const logins = await simulator.connections({ account: ada.phoneNumber, device: 1 })
  expect(logins).toMatchObject([
    { connection: 2, replacedBy: 3, ending: conflict },
    { connection: 3, replacedBy: 4, ending: conflict },
    { connection: 4 },
  ])
  await third.close()
})

test('a connection that was put out is hung up though its process is stopped; what it says when it goes on is noted and not heard', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'whizlite-ledger-'))
  const ledgerFile = path.join(folder, 'ledger.ndjson')
  await using simulator = await startSimulator({ ledgerFile })
  const ada = await simulator.phone('49151000315')
  const first = await linkClient(simulator, ada)
  const socket: unknown = Reflect.get(first.sock.ws, 'socket')
  if (!(socket instanceof WebSocket)) throw new Error('no websocket')
  socket.pause()
  const second = await new RawClient(simulator, first.account).open()
  const since = (await simulator.ledger()).at(-1)?.seq ?? 0
  void first.sock.sendNode({ tag: 'presence', attrs: { type: 'available', name: 'late' } }).catch(() => undefined)
  await vi.waitFor(async () => {
    const [span] = await simulator.connections({ account: ada.phoneNumber })
    expect(span?.closedAt).toBeDefined()
  })
  const late = async () =>
    (await linesOf(ledgerFile)).filter(line => line.kind === 'stanza' && line.attrs['name'] === 'late')
  await vi.waitFor(async () =>
    expect(await late()).toMatchObject([{ late: true, direction: 'in', connection: 2, tag: 'presence' }]),
  )
  const heard = await simulator.ledger({ direction: 'in', where: { name: 'late' } })
  expect(heard.filter(({ seq }) => seq > since)).toEqual([])
  socket.terminate()
  await rm(folder, { recursive: true })
  await second.close()
})

test('an older connection that was silent for long is nobody else', async () => {
  await using simulator = await startSimulator()
  const ada = await simulator.phone('49151000312')
  const first = await linkClient(simulator, ada)
  await simulator.watchOwners({ heardWithinMs: 0 })
  const second = await new RawClient(simulator, first.account).open()
  expect(await first.closed()).toBe(440)
  await simulator.assertClean()
  await second.close()
})

test('the file tells what happened to whom, in order and without contents', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'whizlite-ledger-'))
  const ledgerFile = path.join(folder, 'ledger.ndjson')
  const simulator = await startSimulator({ ledgerFile, seed: 'seven' })
  const ada = await simulator.phone('49151000313')
  const ben = await simulator.phone('49151000314')
  const client = await linkClient(simulator, ada)
  await ben.send(ada, 'a text nobody may find')
  await client.text('a text nobody may find')
  await client.sock.sendMessage(ben.jid, { text: 'another one' })
  await ben.waitForMessage({ text: 'another one' })
  await ada.waitForQuiet()
  await simulator.fault('stream-error', { code: 503, phone: ada.phoneNumber, device: 1 })
  await client.closed()
  await ada.waitForDevice('offline')
  await ada.unlink(1)
  await simulator.stop()

  const lines = await linesOf(ledgerFile)
  await rm(folder, { recursive: true })
  const kinds = lines.map(({ kind }) => kind).filter(kind => kind !== 'stanza')
  const device = { account: ada.phoneNumber, device: 1 }
  expect(kinds.slice(0, 5)).toEqual(['started', 'connected', 'registering', 'linked', 'dismissed'])
  expect(kinds.slice(-5)).toEqual(['fault', 'dismissed', 'closed', 'unlinked', 'stopped'])
  expect(lines[0]).toMatchObject({ version: 1, seed: 'seven', urls: simulator.urls })
  expect(lines).toContainEqual(expect.objectContaining({ kind: 'logged-in', connection: 2, ...device }))
  expect(lines).toContainEqual(expect.objectContaining({ kind: 'live', connection: 2, ...device }))
  const farewell = { reason: 'stream:error', code: '503' }
  expect(lines).toContainEqual(expect.objectContaining({ kind: 'closed', connection: 2, ...device, ...farewell }))
  expect(lines).toContainEqual(expect.objectContaining({ kind: 'settled', tag: 'message', by: 'receipt', ...device }))
  const upload = lines.find(line => line.kind === 'pre-keys')
  expect(upload).toMatchObject({ connection: 2, ...device })
  expect(upload?.kind === 'pre-keys' && upload.keys.length).toBe(812)
  const used = lines.filter(line => line.kind === 'message-key')
  expect(used.map(({ toAccount, toDevice }) => [toAccount, toDevice])).toContainEqual([ben.phoneNumber, 0])
  expect(used.every(({ chain, digest }) => chain.length === 16 && digest.length === 22)).toBe(true)
  expect(JSON.stringify(lines)).not.toContain('nobody may find')
  const times = lines.map(({ mono }) => mono)
  expect(times).toEqual(times.toSorted((one, other) => one - other))
})
