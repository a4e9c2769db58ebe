import { describe, expect, test } from 'vitest'
import { decodeSessionId, encodeSessionId } from '../../../session/index.js'
import { PRE_KEY_RESERVE, seededPreKeys } from '../../../session/seeded-pre-keys.js'
import { linkedCreds, linkedSource } from '../../../session/session-id.fixture.js'
import { decodeCredentials, encodeCredentials } from './credentials.js'
import { isSameDevice, takeBack } from './take-back.js'

const creds = { ...linkedCreds(), firstUnuploadedPreKeyId: 813, nextPreKeyId: 1_630 }
const seed = Buffer.alloc(32, 7)
const stored = encodeCredentials({ creds, preKeys: { seed, usedIds: [1, 2, 5] } })

/** The same device as a bot left it: it has uploaded and used more. */
const later = (preKeys: { seed: Uint8Array; usedIds: number[] } | null = { seed, usedIds: [1, 2, 3, 900] }) => {
  const source = {
    ...linkedSource(),
    creds: { ...creds, firstUnuploadedPreKeyId: 1_000, nextPreKeyId: 1_817 },
    preKeys,
  }
  return decodeSessionId(encodeSessionId(source, { format: preKeys === null ? 'json' : 'compact' }))
}

/** The ids that the seed answers for. */
function answered(taken: ReturnType<typeof takeBack>, ids: number[]): number[] {
  const { creds: next, preKeys } = decodeCredentials(taken.credentials)
  const keys = seededPreKeys({ ...preKeys, creds: next })
  return Object.keys(keys.get(ids.map(String))).map(Number)
}

describe('what is taken back', () => {
  test('from what is stored answers for its own uploads, for nothing a bot may have made, and begins far behind', () => {
    const taken = takeBack(stored, null)
    const { creds: next, preKeys } = decodeCredentials(taken.credentials)
    expect(next.firstUnuploadedPreKeyId).toBe(101_630)
    expect(preKeys).toMatchObject({ usedIds: [1, 2, 5, [813, 101_629]], freshFrom: 101_630 })
    expect(answered(taken, [4, 5, 812, 813, 5_000, 101_629, 101_630, 101_630 + PRE_KEY_RESERVE])).toEqual([
      4, 812, 101_630,
    ])
    expect(next.signedIdentityKey).toEqual(creds.signedIdentityKey)
    expect(next.noiseKey).toEqual(creds.noiseKey)
    expect(taken.forget).toEqual(expect.arrayContaining(['session', 'sender-key', 'sender-key-memory']))
  })

  test('from the bot’s string answers for what the bot has uploaded from the seed as well', () => {
    const taken = takeBack(stored, later())
    expect(decodeCredentials(taken.credentials).preKeys.usedIds).toEqual([[1, 3], 5, 900, [1_000, 101_816]])
    expect(answered(taken, [3, 4, 5, 899, 900, 999, 1_000, 101_816, 101_817])).toEqual([4, 899, 999, 101_817])
    expect([...taken.keys.keys()]).toEqual(['app-state-sync-key', 'lid-mapping'])
    expect(taken.account).toMatchObject({ phoneNumber: '254700000001', lid: '183000000000001@lid' })
  })

  test('from a string without a seed keeps the stored one, or answers for nothing of before', () => {
    const taken = takeBack(stored, later(null))
    expect(answered(taken, [4, 812, 813, 1_816, 101_817])).toEqual([4, 812, 101_817])
    const foreign = takeBack(null, later(null))
    expect(answered(foreign, [1, 812, 101_816, 101_817])).toEqual([101_817])
    expect(decodeCredentials(foreign.credentials).preKeys.seed).not.toEqual(seed)
  })

  test('a second time keeps what the first left out', () => {
    const again = takeBack(takeBack(stored, null).credentials, null)
    expect(answered(again, [812, 813, 101_630, 201_629, 201_630])).toEqual([812, 201_630])
  })

  test('ends when the ids do', () => {
    const far = { ...creds, firstUnuploadedPreKeyId: 16_700_000, nextPreKeyId: 16_700_817 }
    const last = encodeCredentials({ creds: far, preKeys: { seed, usedIds: [] } })
    expect(() => takeBack(last, null)).toThrow(expect.objectContaining({ code: 'ids_exhausted' }))
  })

  test('is one device when identity and JID agree', () => {
    expect(isSameDevice(stored, later())).toBe(true)
    const elsewhere = { ...creds, me: { ...creds.me, id: '254700000001:8@s.whatsapp.net' } }
    expect(isSameDevice(encodeCredentials({ creds: elsewhere, preKeys: { seed, usedIds: [] } }), later())).toBe(false)
    const relinked = { ...linkedCreds(), ...(creds.me && { me: creds.me }) }
    expect(isSameDevice(encodeCredentials({ creds: relinked, preKeys: { seed, usedIds: [] } }), later())).toBe(false)
  })
})
