import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { createDeflate, deflateSync } from 'node:zlib'
import { FileSealer, sealFile } from '../media/media-keys.js'
import type { MediaServer, Serving } from '../media/media-server.js'
import { proto } from '../wire/protobuf.js'
import { madeUpHistory } from './made-up-history.js'
import type { ProtocolMessage } from './send-peer.js'

const HASH_BYTES = 32
const MESSAGES_OF_A_HUGE_CHAT = 1000

export type HistoryPlan = Serving & {
  /** how many chats of how many messages */
  chats: number
  messages: number
  /** served without end in sight, up to so many bytes; nothing of it is kept in memory and its hashes are made up */
  hugeBytes?: number | undefined
  /** the hashes told are not those of the file, and its last block is spoilt */
  wrongHash?: boolean | undefined
}

/** A history notification whose payload lies on the media server, as a real one's does. */
export function historyNotice(media: MediaServer, plan: HistoryPlan): ProtocolMessage {
  const blob = plan.hugeBytes === undefined ? ordinary(media, plan) : huge(media, plan, plan.hugeBytes)
  return {
    type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification: {
      syncType: proto.Message.HistorySyncType.INITIAL_BOOTSTRAP,
      chunkOrder: 1,
      progress: 100,
      ...blob,
    },
  }
}

type BlobReference = Pick<
  proto.Message.IHistorySyncNotification,
  'mediaKey' | 'directPath' | 'fileSha256' | 'fileEncSha256' | 'fileLength'
>

function ordinary(media: MediaServer, plan: HistoryPlan): BlobReference {
  const { bytes, ...file } = sealFile(deflateSync(Buffer.concat([...madeUpHistory(plan.chats, plan.messages)])))
  const served = plan.wrongHash ? spoilt(bytes) : bytes
  const directPath = media.put({ ...plan, bytes: () => [served], length: served.length })
  const hashes = { fileSha256: randomBytes(HASH_BYTES), fileEncSha256: randomBytes(HASH_BYTES) }
  return { ...file, ...(plan.wrongHash ? hashes : {}), directPath }
}

function huge(media: MediaServer, plan: HistoryPlan, hugeBytes: number): BlobReference {
  const mediaKey = randomBytes(32)
  const directPath = media.put({ ...plan, bytes: () => hugeFile(mediaKey, hugeBytes), length: hugeBytes })
  const hashes = { fileSha256: randomBytes(HASH_BYTES), fileEncSha256: randomBytes(HASH_BYTES) }
  return { mediaKey, directPath, fileLength: hugeBytes, ...hashes }
}

/** Stored and not compressed, so that what is downloaded and what it inflates to are both huge. */
async function* hugeFile(mediaKey: Buffer, limit: number): AsyncGenerator<Buffer> {
  const sealer = new FileSealer(mediaKey)
  const content = Readable.from(madeUpHistory(Infinity, MESSAGES_OF_A_HUGE_CHAT)).pipe(createDeflate({ level: 0 }))
  let made = 0
  for await (const piece of content) {
    const sealed = sealer.update(Buffer.from(piece))
    yield sealed.subarray(0, limit - made)
    made += sealed.length
    if (made >= limit) return
  }
}

function spoilt(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  for (let at = Math.max(0, copy.length - 42); at < copy.length; at++) copy[at] = (copy[at] ?? 0) ^ 0xff
  return copy
}
