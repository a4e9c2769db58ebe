import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { proto } from '../wire/protobuf.js'

/** Cryptography of app state patches; layouts and names are those Baileys and whatsmeow read. */

const KEY_BYTES = 32
const HASH_BYTES = 128
const NO_SALT = Buffer.alloc(0)

export type MutationKeys = {
  index: Buffer
  encryption: Buffer
  valueMac: Buffer
  snapshotMac: Buffer
  patchMac: Buffer
}

export function mutationKeys(keyData: Uint8Array): MutationKeys {
  const bytes = Buffer.from(hkdfSync('sha256', keyData, NO_SALT, 'WhatsApp Mutation Keys', 5 * KEY_BYTES))
  const part = (place: number): Buffer => bytes.subarray(place * KEY_BYTES, (place + 1) * KEY_BYTES)
  return { index: part(0), encryption: part(1), valueMac: part(2), snapshotMac: part(3), patchMac: part(4) }
}

function mac(key: Uint8Array, ...parts: Uint8Array[]): Buffer {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

function bigEndian64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(value, 4)
  return bytes
}

/** One value that is set: its index under a MAC, its content encrypted, and a MAC over that and the key it was made with. */
export function sealMutation(
  keys: MutationKeys,
  keyId: Uint8Array,
  index: string[],
  value: proto.ISyncActionValue,
): { indexMac: Buffer; valueMac: Buffer; blob: Buffer } {
  const indexBytes = Buffer.from(JSON.stringify(index))
  const padding = new Uint8Array(0)
  const action = proto.SyncActionData.encode({ index: indexBytes, value, padding, version: 2 }).finish()
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', keys.encryption, iv)
  const sealed = Buffer.concat([iv, cipher.update(action), cipher.final()])
  const about = Buffer.concat([Buffer.from([1]), keyId])
  const length = Buffer.alloc(8)
  length[7] = about.length
  const hmac = createHmac('sha512', keys.valueMac).update(about).update(sealed).update(length)
  const valueMac = hmac.digest().subarray(0, KEY_BYTES)
  return { indexMac: mac(keys.index, indexBytes), valueMac, blob: Buffer.concat([sealed, valueMac]) }
}

export function snapshotMac(keys: MutationKeys, hash: Uint8Array, version: number, collection: string): Buffer {
  return mac(keys.snapshotMac, hash, bigEndian64(version), Buffer.from(collection))
}

export function patchMac(
  keys: MutationKeys,
  snapshot: Uint8Array,
  valueMacs: Uint8Array[],
  version: number,
  collection: string,
): Buffer {
  return mac(keys.patchMac, snapshot, ...valueMacs, bigEndian64(version), Buffer.from(collection))
}

/** A sum over all values a collection holds: 64 numbers of 16 bits, to which each value's MAC, stretched, is added or taken away. */
export class SummedHash {
  readonly #sums = new Uint16Array(HASH_BYTES / 2)
  readonly #values = new Map<string, Buffer>()

  set(indexMac: Uint8Array, valueMac: Uint8Array): void {
    const index = Buffer.from(indexMac).toString('base64')
    this.remove(indexMac)
    this.#add(valueMac, 1)
    this.#values.set(index, Buffer.from(valueMac))
  }

  remove(indexMac: Uint8Array): void {
    const index = Buffer.from(indexMac).toString('base64')
    const before = this.#values.get(index)
    if (!before) return
    this.#add(before, -1)
    this.#values.delete(index)
  }

  get bytes(): Buffer {
    const bytes = Buffer.alloc(HASH_BYTES)
    for (const [place, sum] of this.#sums.entries()) bytes.writeUInt16LE(sum, place * 2)
    return bytes
  }

  #add(valueMac: Uint8Array, sign: 1 | -1): void {
    const stretched = Buffer.from(hkdfSync('sha256', valueMac, NO_SALT, 'WhatsApp Patch Integrity', HASH_BYTES))
    for (let place = 0; place < this.#sums.length; place++) {
      this.#sums[place] = (this.#sums[place] ?? 0) + sign * stretched.readUInt16LE(place * 2)
    }
  }
}
