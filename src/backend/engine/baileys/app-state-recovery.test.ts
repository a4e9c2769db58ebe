import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { proto } from '@whiskeysockets/baileys'
import { expect, test } from 'vitest'
import { recoveredCollection, recoveryAnswer, recoveryRequest } from './app-state-recovery.js'

const key = { id: randomBytes(6), data: randomBytes(32) }
const mac = randomBytes(32)
const sum = randomBytes(128)

/** Lengths up to 16383 are two bytes at most. */
function field(number: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const length = content.length < 128 ? [content.length] : [(content.length & 127) | 128, content.length >> 7]
  return Buffer.concat([Uint8Array.of(number * 8 + 2, ...length), content])
}

const action = (index: string) =>
  Buffer.from(proto.SyncActionData.encode({ index: Buffer.from(index), value: { timestamp: 1 }, version: 2 }).finish())
const record = (index: string, { keyId = key.id, itsMac = mac } = {}) =>
  field(3, field(1, action(index)), field(2, keyId), field(3, itsMac))
const head = Buffer.concat([
  field(1, proto.SyncdVersion.encode({ version: 7 }).finish()),
  field(2, Buffer.from('regular')),
])
const whole = Buffer.concat([head, record('["a"]'), record('["b"]'), field(4, sum)])

const keyOf = async (id: string) => (id === key.id.toString('base64') ? key.data : undefined)

function indexMac(index: string): string {
  const indexKey = Buffer.from(hkdfSync('sha256', key.data, '', 'WhatsApp Mutation Keys', 160)).subarray(0, 32)
  return createHmac('sha256', indexKey).update(index).digest('base64')
}

test.each([
  ['as it is', { collectionSnapshot: whole }],
  ['packed', { collectionSnapshot: gzipSync(whole), isCompressed: true }],
])('a collection that the phone tells %s is what Baileys would keep of it', async (_, answer) => {
  expect(await recoveredCollection(answer, keyOf)).toEqual({
    name: 'regular',
    state: {
      version: 7,
      hash: sum,
      indexValueMap: { [indexMac('["a"]')]: { valueMac: mac }, [indexMac('["b"]')]: { valueMac: mac } },
    },
  })
})

test('an empty collection is one', async () => {
  const answer = { collectionSnapshot: Buffer.concat([head, field(4, sum)]) }
  expect((await recoveredCollection(answer, keyOf)).state.indexValueMap).toEqual({})
})

test.each([
  ['nothing', {}],
  ['no sum', { collectionSnapshot: head }],
  ['a sum that is too short', { collectionSnapshot: Buffer.concat([head, field(4, sum.subarray(1))]) }],
  ['no name', { collectionSnapshot: Buffer.concat([field(1, Uint8Array.of(8, 7)), field(4, sum)]) }],
  [
    'a record without its MAC',
    { collectionSnapshot: Buffer.concat([whole, record('["c"]', { itsMac: Buffer.alloc(0) })]) },
  ],
  [
    'a record of an unknown key',
    { collectionSnapshot: Buffer.concat([whole, record('["c"]', { keyId: randomBytes(6) })]) },
  ],
  ['less than it says', { collectionSnapshot: whole.subarray(0, -1) }],
  ['what was not packed', { collectionSnapshot: whole, isCompressed: true }],
  [
    'what is huge once it is unpacked',
    { collectionSnapshot: gzipSync(Buffer.alloc(33 * 1024 * 1024)), isCompressed: true },
  ],
])('an answer with %s is refused', async (_, answer) => {
  await expect(recoveredCollection(answer, keyOf)).rejects.toThrow()
})

test('an answer is known by what it answers', () => {
  expect(recoveryRequest('regular')).toMatchObject({
    syncdCollectionFatalRecoveryRequest: { collectionName: 'regular', timestamp: expect.any(Number) },
  })
  const answer = { collectionSnapshot: whole }
  const message = (peerDataOperationRequestType: number) => ({
    protocolMessage: {
      peerDataOperationRequestResponseMessage: {
        peerDataOperationRequestType,
        peerDataOperationResult: [{ syncdSnapshotFatalRecoveryResponse: answer }],
      },
    },
  })
  expect(recoveryAnswer(message(8))).toEqual(answer)
  expect(recoveryAnswer(message(4))).toBeNull()
  expect(recoveryAnswer({ conversation: 'hello' })).toBeNull()
})
