import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decodeSessionId, encodeSessionId } from '../../../session/index.js'
import { appStateKey, linkedCreds } from '../../../session/session-id.fixture.js'
import { encodeKeyValue } from './key-values.js'
import { portableSource } from './portable-credentials.js'

const idOf = (n: number) => Buffer.of(0, 0, 0, 0, n >> 8, n & 255).toString('base64')

test('of an old account’s hundreds of app-state keys the one in use and the 39 newest fit into a string', () => {
  // the key in use is the oldest of all
  const inUse = idOf(1)
  const rows = new Map(
    Array.from({ length: 300 }, (_, i) => {
      const key = { ...appStateKey(), keyData: randomBytes(32), timestamp: 1_700_000_000_000 + i }
      return [idOf(i + 1), encodeKeyValue('app-state-sync-key', key)] as const
    }),
  )
  const creds = { ...linkedCreds(), myAppStateKeyId: inUse }
  const source = portableSource({ creds, preKeys: { seed: randomBytes(32), usedIds: [] } }, rows)
  const newest = Array.from({ length: 39 }, (_, i) => idOf(300 - i))
  expect(Object.keys(source.appStateSyncKeys)).toEqual([inUse, ...newest])
  const decoded = decodeSessionId(encodeSessionId(source))
  expect(new Set(Object.keys(decoded.appStateSyncKeys))).toEqual(new Set([inUse, ...newest]))
})
