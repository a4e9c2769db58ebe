import { expect, test } from 'vitest'
import { createBaileysEngine } from '../engine/baileys/baileys-engine.js'
import { createPreKeyPool } from '../engine/baileys/pre-keys/pre-key-pool.js'
import type { KeyStore } from '../engine/keystore.js'
import { createLog } from '../log.js'
import { LinkAttempt } from './link-attempt.js'
import type { AttemptEnd } from './link-turns.js'

test('a connection that cannot be made ends the attempt, and holds up nobody who ends it then', async () => {
  await using preKeys = createPreKeyPool({ size: 1 })
  const log = createLog({ level: 'silent' })
  const engine = createBaileysEngine({ url: 'ws://127.0.0.1:9', preKeys, log })
  const ends: AttemptEnd[] = []
  const never = () => Promise.reject(new Error('not its turn'))
  const turns = { called: never, qr: never, code: never, codeEntered: never, scanned: never, opened: never }
  const ended = async (end: AttemptEnd) => void ends.push(end)
  const keys: Pick<KeyStore, 'credentials'> = { credentials: { engine: 'baileys', bytes: Buffer.from('nothing') } }
  const attempt = new LinkAttempt({ engine, log, turns: { ...turns, ended } }, keys as KeyStore, {
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
