import {
  addTransactionCapability,
  Curve,
  getBinaryNodeChild,
  getBinaryNodeChildBuffer,
  getBinaryNodeChildren,
  getBinaryNodeChildUInt,
  getNextPreKeysNode,
  initAuthCreds,
} from '@whiskeysockets/baileys'
import type { AuthenticationCreds, BinaryNode, SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys'
import * as fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { derivePreKey } from './derive-pre-key.js'
import { PRE_KEY_RESERVE, seededPreKeys, type SeededPreKeys } from './seeded-pre-keys.js'

const seed = Buffer.alloc(32, 7)
const logger = pino({ level: 'silent' })

describe('derivePreKey', () => {
  test('gives the documented bytes, so that strings written today stay readable', () => {
    const pair = derivePreKey(Buffer.alloc(32, 1), 1)
    expect(pair.private.toString('hex')).toMatchInlineSnapshot(
      `"c87b8fc10e82d47740e632e61f7491dee5846f49eb24812898651631f42b207c"`,
    )
    expect(pair.public.toString('hex')).toMatchInlineSnapshot(
      `"485c183828825aa0d3e9718dea154cfdc1994adb4533f5802add29c1fa30872c"`,
    )
  })

  test('gives key pairs that agree with the ones Baileys makes', () => {
    const theirs = Curve.generateKeyPair()
    const ours = derivePreKey(seed, 77)
    expect(Curve.sharedKey(ours.private, theirs.public)).toEqual(Curve.sharedKey(theirs.private, ours.public))
  })

  test('refuses other seed lengths and ids', () => {
    expect(() => derivePreKey(Buffer.alloc(31), 1)).toThrow(expect.objectContaining({ code: 'bad_seed' }))
    for (const id of [0, -1, 1.5, Number.NaN, 0x1_00_00_00])
      expect(() => derivePreKey(seed, id)).toThrow(expect.objectContaining({ code: 'bad_id' }))
  })
})

/** A key store as a server has one, reduced to what top-ups read and write. */
function storeOf(preKeys: SeededPreKeys): SignalKeyStore {
  const tables: Partial<{ [T in keyof SignalDataTypeMap]: (ids: string[]) => { [id: string]: SignalDataTypeMap[T] } }> =
    {
      'pre-key': ids => preKeys.get(ids),
    }
  return {
    get: (type, ids) => tables[type]?.(ids) ?? {},
    set: data => preKeys.markUsed(preKeys.judge(data['pre-key'] ?? {})),
  }
}

function uploadedKeys(node: BinaryNode): { id: number; value: Uint8Array | undefined }[] {
  const list = getBinaryNodeChild(node, 'list')
  return getBinaryNodeChildren(list, 'key').map(key => ({
    id: getBinaryNodeChildUInt(key, 'id', 3) ?? 0,
    value: getBinaryNodeChildBuffer(key, 'value'),
  }))
}

const fresh = (creds: AuthenticationCreds = initAuthCreds()): SeededPreKeys =>
  seededPreKeys({ seed, usedIds: [], creds })

describe('top-ups by Baileys itself', () => {
  const counts = fc.array(fc.constantFrom(1, 5, 812), { minLength: 1, maxLength: 6 })

  test('always come from the seed, with ids in order and without a gap, and nobody saved the credentials', async () => {
    await fc.assert(
      fc.asyncProperty(counts, async rounds => {
        const creds = initAuthCreds()
        const store = storeOf(seededPreKeys({ seed, usedIds: [], creds }))
        const keys = addTransactionCapability(store, logger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 })
        let expected = 1
        for (const count of rounds) {
          const { update, node } = await keys.transaction(() => getNextPreKeysNode({ creds, keys }, count), 'me')
          Object.assign(creds, update)
          const uploaded = uploadedKeys(node)
          expect(uploaded.map(key => key.id)).toEqual(Array.from({ length: count }, (_, i) => expected + i))
          for (const key of [uploaded[0], uploaded.at(-1)])
            expect(key?.value).toEqual(derivePreKey(seed, key?.id ?? 0).public)
          expected += count
          expect(creds.nextPreKeyId - creds.firstUnuploadedPreKeyId).toBeGreaterThanOrEqual(PRE_KEY_RESERVE)
        }
      }),
      { numRuns: 6 },
    )
  })

  test('a key used inside a transaction is gone afterwards and stays gone', async () => {
    const creds = initAuthCreds()
    const preKeys = seededPreKeys({ seed, usedIds: [3], creds })
    const keys = addTransactionCapability(storeOf(preKeys), logger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 })
    await keys.transaction(async () => {
      expect(Object.keys(await keys.get('pre-key', ['3', '4']))).toEqual(['4'])
      await keys.set({ 'pre-key': { 4: null } })
    }, 'me')
    expect(await keys.get('pre-key', ['3', '4', '5'])).toEqual({ 5: derivePreKey(seed, 5) })
    expect(preKeys.usedIds()).toEqual([3, 4])
  })
})

describe('seededPreKeys', () => {
  test('answers nothing for ids that do not exist yet or are no ids', () => {
    const creds = initAuthCreds()
    const keys = fresh(creds)
    expect(keys.get(['0', '-1', '1.5', 'x', '', String(creds.nextPreKeyId), '__proto__'])).toEqual({})
    expect(Object.keys(keys.get([String(creds.nextPreKeyId - 1)]))).toHaveLength(1)
  })

  test('refuses foreign bytes and used ids, and accepts its own key', () => {
    const keys = fresh()
    expect(() => keys.judge({ 1: Curve.generateKeyPair() })).toThrow(expect.objectContaining({ code: 'foreign_key' }))
    expect(() => keys.judge({ 1: { ...derivePreKey(seed, 1), public: Buffer.alloc(32) } })).toThrow(
      expect.objectContaining({ code: 'foreign_key' }),
    )
    expect(keys.judge({ 1: derivePreKey(seed, 1), 2: null })).toEqual([2])
    keys.markUsed([1, 2])
    expect(() => keys.judge({ 1: derivePreKey(seed, 1) })).toThrow(expect.objectContaining({ code: 'id_reused' }))
    expect(keys.judge({ 2: null })).toEqual([])
    expect(() => keys.judge({ '1x': null })).toThrow(expect.objectContaining({ code: 'bad_id' }))
  })

  test('takes keys of a warm batch instead of deriving them', () => {
    const ready = derivePreKey(seed, 1)
    const keys = seededPreKeys({
      seed,
      usedIds: [],
      creds: initAuthCreds(),
      lookup: id => (id === 1 ? ready : undefined),
    })
    expect(keys.get(['1'])['1']).toBe(ready)
    expect(keys.get(['2'])['2']).toEqual(derivePreKey(seed, 2))
  })

  test('keeps nextPreKeyId visible to copies and never lets it fall', () => {
    const creds = initAuthCreds()
    fresh(creds)
    expect(JSON.parse(JSON.stringify(creds))).toMatchObject({ nextPreKeyId: 1 + PRE_KEY_RESERVE })
    creds.nextPreKeyId = 4
    expect(creds.nextPreKeyId).toBe(1 + PRE_KEY_RESERVE)
    creds.firstUnuploadedPreKeyId = 813
    expect({ ...creds }.nextPreKeyId).toBe(813 + PRE_KEY_RESERVE)
  })

  test('says so when the id space ends', () => {
    const creds = { nextPreKeyId: 1, firstUnuploadedPreKeyId: 0xff_ff_ff }
    expect(() => seededPreKeys({ seed, usedIds: [], creds })).toThrow(
      expect.objectContaining({ code: 'ids_exhausted' }),
    )
  })
})
