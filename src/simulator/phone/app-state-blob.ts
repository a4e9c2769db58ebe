import { randomBytes } from 'node:crypto'
import { APP_STATE_INFO, sealFile } from '../media/media-keys.js'
import type { MediaServer, Serving } from '../media/media-server.js'
import type { proto } from '../wire/protobuf.js'

const PIECE_BYTES = 64 * 1024

export type AppStateFile = Serving & {
  /** served in place of the content, which nobody can read then; nothing of it is kept in memory */
  hugeBytes?: number | undefined
}

/** Content of app state that is too large for a stanza, and therefore lies on the media server. */
export function appStateBlob(
  media: MediaServer,
  content: Uint8Array,
  { hugeBytes, ...serving }: AppStateFile,
): proto.IExternalBlobReference {
  const { bytes, fileLength, ...file } = sealFile(Buffer.from(content), APP_STATE_INFO)
  const directPath =
    hugeBytes === undefined
      ? media.put({ ...serving, bytes: () => [bytes], length: bytes.length })
      : media.put({ ...serving, bytes: () => noise(hugeBytes), length: hugeBytes })
  return { ...file, directPath, handle: 'simulated', fileSizeBytes: hugeBytes ?? fileLength }
}

function* noise(length: number): Generator<Buffer> {
  const piece = randomBytes(PIECE_BYTES)
  for (let left = length; left > 0; left -= PIECE_BYTES) yield piece.subarray(0, left)
}
