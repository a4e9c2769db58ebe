import { createDecipheriv, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Companion } from '../accounts/person.js'
import { proto } from '../wire/protobuf.js'
import { mutationKeys } from './app-state-crypto.js'
import type { WholeCollection } from './app-state-writer.js'
import type { PhoneDevice } from './phone-device.js'
import { sendPeer } from './send-peer.js'

/** What a phone tells a device that asks it for a collection: all of it, nothing, or something that nobody can read. */
export type RecoveryManner = 'whole' | 'none' | 'unreadable'

const { PeerDataOperationRequestType } = proto.Message
const RECOVERY = PeerDataOperationRequestType.COMPANION_SYNCD_SNAPSHOT_FATAL_RECOVERY
const MAC_BYTES = 32
const IV_BYTES = 16

const packed = promisify(gzip)

/** Answers a device of the account that asks for a collection which it cannot read from the server; nothing else that devices ask for. */
export async function answerRecovery(
  phone: PhoneDevice,
  companion: Companion,
  requestId: string,
  message: proto.IMessage,
): Promise<void> {
  const request = message.protocolMessage?.peerDataOperationRequestMessage
  const name = request?.syncdCollectionFatalRecoveryRequest?.collectionName
  if (request?.peerDataOperationRequestType !== RECOVERY || !name || phone.recovery === 'none') return
  const plain =
    phone.recovery === 'unreadable' ? randomBytes(64) : snapshotRecovery(phone.appState.records(name), phone)
  await sendPeer(phone, companion, {
    type: proto.Message.ProtocolMessage.Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
    peerDataOperationRequestResponseMessage: {
      peerDataOperationRequestType: RECOVERY,
      stanzaId: requestId,
      peerDataOperationResult: [
        { syncdSnapshotFatalRecoveryResponse: { collectionSnapshot: await packed(plain), isCompressed: true } },
      ],
    },
  })
}

/**
 * An encoded `SyncdSnapshotRecovery`, which Baileys' definitions lack: 1 version, 2 name, 3 records, each of which is 1 the action in the clear,
 * 2 the id of its key, 3 its MAC; 4 the sum. Source: the fields of that message as whatsmeow and Cobalt read them.
 */
function snapshotRecovery({ name, version, hash, records }: WholeCollection, phone: PhoneDevice): Buffer {
  const { encryption } = mutationKeys(phone.keys.appState.keyData)
  return Buffer.concat([
    field(1, proto.SyncdVersion.encode({ version }).finish()),
    field(2, Buffer.from(name)),
    ...records.map(({ value, keyId }) => {
      const blob = Buffer.from(value?.blob ?? [])
      const action = opened(blob.subarray(0, -MAC_BYTES), encryption)
      return field(3, [field(1, action), field(2, keyId?.id ?? Buffer.alloc(0)), field(3, blob.subarray(-MAC_BYTES))])
    }),
    field(4, hash),
  ])
}

function opened(sealed: Buffer, key: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-cbc', key, sealed.subarray(0, IV_BYTES))
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES)), decipher.final()])
}

/** One field of a protobuf that says its own length. */
function field(number: number, content: Uint8Array | Buffer[]): Buffer {
  const bytes = Array.isArray(content) ? Buffer.concat(content) : content
  const length: number[] = []
  for (let left = bytes.length; left > 0 || length.length === 0; left >>>= 7)
    length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
  return Buffer.concat([Uint8Array.of((number << 3) | 2, ...length), bytes])
}
