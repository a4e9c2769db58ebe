import { expect, test, vi } from 'vitest'
import { createBaileysEngine } from '../engine/baileys/baileys-engine.js'
import { createPreKeyPool } from '../engine/baileys/pre-keys/pre-key-pool.js'
import type { ConnectOptions, Engine } from '../engine/engine.js'
import type { KeyStore } from '../engine/keystore.js'
import { createLog } from '../log.js'
import { Deferred } from './deferred.js'
import { LinkAttempt } from './link-attempt.js'
import type { AttemptEnd, LinkTurns } from './link-turns.js'

test('a connection that cannot be made ends the attempt, and holds up nobody who ends it then', async () => {
  await using preKeys = createPreKeyPool({ size: 1 })
  const log = createLog({ level: 'silent' })
  const engine = createBaileysEngine({ url: 'ws://127.0.0.1:9', preKeys, log })
  const ends: AttemptEnd[] = []
  const never = () => Promise.reject(new Error('not its turn'))
  const turns = { called: never, qr: never, code: never, codeEntered: never, scanned: never, opened: never }
  const ended = async (end: AttemptEnd) => void ends.push(end)
  const keys: Pick<KeyStore, 'credentials'> = { credentials: { engine: 'baileys', bytes: Buffer.from('nothing') } }
  const attempt = new LinkAttempt({ engine, mayBegin: never, log, turns: { ...turns, ended } }, keys as KeyStore, {
    method: 'qr',
    phoneNumber: null,
  })
  attempt.start()
  const end: AttemptEnd = { phase: 'failed', reason: 'storage_error' }
  expect(await attempt.shown()).toEqual({ end })
  expect(await attempt.end({ phase: 'cancelled', reason: 'cancelled' })).toBe(true)
  await attempt.abort({ phase: 'expired', reason: 'node_lost' })
  expect(ends).toEqual([end])
})

test('the login that follows an acceptance waits for the last writes of the connection before', async () => {
  const [closing, settled] = [new Deferred<void>(), new Deferred<void>()]
  const connects: ConnectOptions[] = []
  const close = () => {
    closing.resolve()
    return settled.promise
  }
  const connect = (options: ConnectOptions) => {
    connects.push(options)
    return { close }
  }
  const turns = { scanned: async () => {}, ended: async () => {} } as unknown as LinkTurns
  const mayBegin = async () => true
  const deps = { engine: { connect } as unknown as Engine, mayBegin, log: createLog({ level: 'silent' }), turns }
  const attempt = new LinkAttempt(deps, {} as KeyStore, { method: 'qr', phoneNumber: null })
  attempt.start()
  await vi.waitFor(() => expect(connects).toHaveLength(1))
  const tell = connects[0]?.onEvent
  tell?.({ type: 'paired', account: { phoneNumber: '254700000001', pn: '', lid: null, name: null } })
  tell?.({ type: 'closed', reason: { plane: 'stream', kind: 'restart_required', status: 515, phase: 'linking' } })
  await closing.promise
  expect(connects).toHaveLength(1)
  settled.resolve()
  await vi.waitFor(() => expect(connects).toHaveLength(2))
  await attempt.abort({ phase: 'expired', reason: 'node_lost' })
})
