import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes, type Hmac } from 'node:crypto'

const MAC_BYTES = 10
const HISTORY_INFO = 'WhatsApp History Keys'
export const APP_STATE_INFO = 'WhatsApp App State Keys'

type Expanded = { iv: Buffer; cipherKey: Buffer; macKey: Buffer }

/** One key expands to an IV, a cipher key and a MAC key (112 bytes by HKDF, of which the last 32 are not used here). */
function expand(mediaKey: Buffer, info: string): Expanded {
  const bytes = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), info, 112))
  return { iv: bytes.subarray(0, 16), cipherKey: bytes.subarray(16, 48), macKey: bytes.subarray(48, 80) }
}

export type SealedFile = {
  mediaKey: Buffer
  bytes: Buffer
  fileSha256: Buffer
  fileEncSha256: Buffer
  fileLength: number
}

/** A file as WhatsApp's media servers hold it: AES-256-CBC, and ten bytes of a MAC over IV and ciphertext behind it. */
export function sealFile(plain: Buffer, info = HISTORY_INFO): SealedFile {
  const mediaKey = randomBytes(32)
  const sealer = new FileSealer(mediaKey, info)
  const bytes = Buffer.concat([sealer.update(plain), sealer.final()])
  const hash = (content: Buffer): Buffer => createHash('sha256').update(content).digest()
  return { mediaKey, bytes, fileSha256: hash(plain), fileEncSha256: hash(bytes), fileLength: plain.length }
}

/** The same piece by piece, for files nobody wants in memory. */
export class FileSealer {
  readonly #cipher: ReturnType<typeof createCipheriv>
  readonly #mac: Hmac

  constructor(mediaKey: Buffer, info = HISTORY_INFO) {
    const { iv, cipherKey, macKey } = expand(mediaKey, info)
    this.#cipher = createCipheriv('aes-256-cbc', cipherKey, iv)
    this.#mac = createHmac('sha256', macKey).update(iv)
  }

  update(plain: Uint8Array): Buffer {
    const sealed = this.#cipher.update(plain)
    this.#mac.update(sealed)
    return sealed
  }

  final(): Buffer {
    const last = this.#cipher.final()
    return Buffer.concat([last, this.#mac.update(last).digest().subarray(0, MAC_BYTES)])
  }
}
