import { createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { getMediaKeys, type proto } from '@whiskeysockets/baileys'
import { mediaFile } from './media-file.js'

const inflated = promisify(inflate)

/** A first chunk of an ordinary account is far below; what is larger is not worth the memory of a process that serves many. */
const mostContentBytes = 32 * 1024 * 1024

/** Of the file's end, as of every WhatsApp media file. */
const macBytes = 10

/** An encoded `HistorySync`. @throws for what is too large, too late, cut short, or not what the phone has announced */
export async function historyContent(
  notice: proto.Message.IHistorySyncNotification,
  { mediaUrl, signal }: { mediaUrl: string | null; signal: AbortSignal },
): Promise<Uint8Array> {
  const inline = notice.initialHistBootstrapInlinePayload
  const packed = inline?.length ? inline : await download(notice, mediaUrl, signal)
  return inflated(packed, { maxOutputLength: mostContentBytes })
}

async function download(
  { directPath, mediaKey, fileEncSha256 }: proto.Message.IHistorySyncNotification,
  mediaUrl: string | null,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (!mediaKey) throw new Error('history: no file')
  const file = Buffer.from(await mediaFile(directPath, { mediaUrl, signal }))
  if (fileEncSha256?.length && !createHash('sha256').update(file).digest().equals(fileEncSha256))
    throw new Error('history: another file')
  return opened(file, mediaKey)
}

/** AES-256-CBC under a key expanded from the file's own, and a cut HMAC behind it. Source: Baileys' `Utils/messages-media.js`. */
async function opened(file: Buffer, mediaKey: Uint8Array): Promise<Buffer> {
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, 'md-msg-hist')
  if (macKey === undefined || macKey === null || file.length <= macBytes) throw new Error('history: no file')
  const sealed = file.subarray(0, -macBytes)
  const mac = createHmac('sha256', macKey).update(iv).update(sealed).digest().subarray(0, macBytes)
  if (!timingSafeEqual(mac, file.subarray(-macBytes))) throw new Error('history: spoilt')
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
  return Buffer.concat([decipher.update(sealed), decipher.final()])
}
