import { createHmac, hkdfSync } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { normalizeMessageContent, proto, type LTHashState, type WAMessageContent } from '@whiskeysockets/baileys'
import { lengthFields } from './length-fields.js'

const unpacked = promisify(gunzip)

/** What is larger is not worth the memory of a process that serves many; an account of years has less than a tenth. */
const mostBytes = 32 * 1024 * 1024
/** Records between two turns of the event loop, which other sessions wait for. */
const recordsPerTurn = 500

const sumBytes = 128
const keyBytes = 32

const { PeerDataOperationRequestType } = proto.Message
const recovery = PeerDataOperationRequestType.COMPANION_SYNCD_SNAPSHOT_FATAL_RECOVERY

export type RecoveryAnswer =
  proto.Message.PeerDataOperationRequestResponseMessage.PeerDataOperationResult.ISyncDSnapshotFatalRecoveryResponse

/** A collection as the account's phone has told it, in the form in which Baileys keeps one. */
export type RecoveredCollection = { name: string; state: LTHashState }

/** What is asked of the account's phone: a collection of app state in the clear. Source: `BuildAppStateRecoveryRequest` of whatsmeow. */
export function recoveryRequest(collectionName: string): proto.Message.IPeerDataOperationRequestMessage {
  const timestamp = Math.floor(Date.now() / 1_000)
  return {
    peerDataOperationRequestType: recovery,
    syncdCollectionFatalRecoveryRequest: { collectionName, timestamp },
  }
}

/** The phone's answer to such a request; `null`: the message is none. */
export function recoveryAnswer(message: WAMessageContent | null | undefined): RecoveryAnswer | null {
  const response = normalizeMessageContent(message)?.protocolMessage?.peerDataOperationRequestResponseMessage
  if (response?.peerDataOperationRequestType !== recovery) return null
  return response.peerDataOperationResult?.[0]?.syncdSnapshotFatalRecoveryResponse ?? null
}

/**
 * Reads an answer: an encoded `SyncdSnapshotRecovery`, packed or not, which Baileys' definitions lack. Its fields are 1 the version, 2 the name,
 * 3 the records, each of 1 the action, 2 the id of its key, 3 its MAC; 4 the sum of the MACs. Sources: `ParseRecovery` and `ProcessRecovery` of
 * whatsmeow for what is made of it, `SyncdSnapshotRecovery` of Cobalt for the numbers.
 *
 * The sum is the phone's word: the next patch is checked against it, and a wrong one shows there.
 * @param keyOf 32 bytes of an app-state key by its id in base64
 * @throws Error for what is too large, cut short, incomplete, or made with a key that is not here
 */
export async function recoveredCollection(
  { collectionSnapshot, isCompressed }: RecoveryAnswer,
  keyOf: (id: string) => Promise<Uint8Array | undefined>,
): Promise<RecoveredCollection> {
  const sent = collectionSnapshot ?? new Uint8Array()
  const bytes = isCompressed === true ? await unpacked(sent, { maxOutputLength: mostBytes }) : sent
  let [name, version, hash] = ['', 0, Buffer.alloc(0)]
  const records: Uint8Array[] = []
  for (const [field, content] of lengthFields(bytes)) {
    if (field === 1) version = Number(proto.SyncdVersion.decode(content).version)
    if (field === 2) name = Buffer.from(content).toString()
    if (field === 3) records.push(content)
    if (field === 4) hash = Buffer.from(content)
  }
  if (name === '' || !(version > 0) || hash.length !== sumBytes) throw new Error('app state: incomplete')
  return { name, state: { version, hash, indexValueMap: await valuesOf(records, keyOf) } }
}

/** By the MAC of its index, which the phone leaves out: the MAC of each value. */
async function valuesOf(
  records: readonly Uint8Array[],
  keyOf: (id: string) => Promise<Uint8Array | undefined>,
): Promise<LTHashState['indexValueMap']> {
  const indexKeys = new Map<string, Uint8Array>()
  const values: LTHashState['indexValueMap'] = {}
  for (const [place, record] of records.entries()) {
    const {
      1: action = new Uint8Array(),
      2: keyId = new Uint8Array(),
      3: mac,
    } = Object.fromEntries(lengthFields(record))
    const { 1: index } = Object.fromEntries(lengthFields(action))
    if (mac?.length !== keyBytes || index === undefined) throw new Error('app state: incomplete')
    const id = Buffer.from(keyId).toString('base64')
    const indexKey = indexKeys.get(id) ?? indexKeyOf(await keyOf(id))
    indexKeys.set(id, indexKey)
    const indexMac = createHmac('sha256', indexKey).update(index).digest('base64')
    // a copy: a part would keep all of the answer in memory
    values[indexMac] = { valueMac: Buffer.from(mac) }
    if (place % recordsPerTurn === recordsPerTurn - 1) await nextTurn()
  }
  return values
}

/** The first of five keys that are made of one. Source: `expandAppStateKeys` of whatsapp-rust-bridge, which Baileys uses. */
function indexKeyOf(keyData: Uint8Array | undefined): Uint8Array {
  if (keyData === undefined) throw new Error('app state: unknown key')
  return new Uint8Array(hkdfSync('sha256', keyData, new Uint8Array(), 'WhatsApp Mutation Keys', keyBytes))
}
