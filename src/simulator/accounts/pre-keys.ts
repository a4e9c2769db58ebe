import { createHash } from 'node:crypto'
import { bigEndian, bytesOf, child, childBytes, childUInt, children, node, type Node } from '../wire/node-codec.js'

const ID_BYTES = 3
const KEY_BYTES = 32
const RECORD_BYTES = ID_BYTES + KEY_BYTES

export type PublicPreKey = { keyId: number; publicKey: Buffer }
export type SignedPreKey = PublicPreKey & { signature: Buffer }

/** What a sender needs to open a Signal session with a device. */
export type KeyBundle = { registrationId: number; identity: Buffer; signedPreKey: SignedPreKey; preKey?: PublicPreKey }

export function readSignedPreKey(skey: Node | undefined): SignedPreKey | undefined {
  const keyId = childUInt(skey, 'id')
  const publicKey = childBytes(skey, 'value')
  const signature = childBytes(skey, 'signature')
  if (keyId === undefined || publicKey?.length !== KEY_BYTES || signature?.length !== 64) return undefined
  return { keyId, publicKey: Buffer.from(publicKey), signature: Buffer.from(signature) }
}

export function readPreKey(key: Node | undefined): PublicPreKey | undefined {
  const keyId = childUInt(key, 'id')
  const publicKey = childBytes(key, 'value')
  return keyId === undefined || publicKey?.length !== KEY_BYTES ? undefined : { keyId, publicKey }
}

/** What the ledger keeps of a key: its id, and enough of a hash to tell two keys apart. */
export function keyPrint({ keyId, publicKey }: PublicPreKey): [id: number, hash: string] {
  return [keyId, createHash('sha256').update(publicKey).digest('hex').slice(0, 16)]
}

export function preKeyNode(key: PublicPreKey): Node {
  return node('key', {}, [node('id', {}, bigEndian(key.keyId, ID_BYTES)), node('value', {}, key.publicKey)])
}

export function signedPreKeyNode(key: SignedPreKey): Node {
  return node('skey', {}, [
    node('id', {}, bigEndian(key.keyId, ID_BYTES)),
    node('value', {}, key.publicKey),
    node('signature', {}, key.signature),
  ])
}

/** The children of a `<user>` or `<keys>` node that carry a bundle. */
export function bundleNodes(bundle: KeyBundle): Node[] {
  return [
    node('registration', {}, bigEndian(bundle.registrationId, 4)),
    node('type', {}, Buffer.from([5])),
    node('identity', {}, bundle.identity),
    signedPreKeyNode(bundle.signedPreKey),
    ...(bundle.preKey ? [preKeyNode(bundle.preKey)] : []),
  ]
}

/** Reads `<keys>` of a retry receipt; `registrationId` stands beside it. */
export function readBundle(keys: Node | undefined, registrationId: number | undefined): KeyBundle | undefined {
  const identity = childBytes(keys, 'identity')
  const signedPreKey = readSignedPreKey(child(keys, 'skey'))
  if (registrationId === undefined || identity?.length !== KEY_BYTES || !signedPreKey) return undefined
  const preKey = readPreKey(child(keys, 'key'))
  return { registrationId, identity, signedPreKey, ...(preKey ? { preKey } : {}) }
}

/**
 * One-time keys of one device, in upload order, packed into one buffer per upload: thousands of idle devices hold 812 each.
 * Handed-out keys stay remembered, so that an id that comes back with other bytes is noticed.
 */
export class PreKeyPool {
  readonly #uploads: Buffer[] = []
  #handedOut = 0
  #total = 0

  /** keys that can still be handed out */
  get count(): number {
    return this.#total - this.#handedOut
  }

  /** keys that ever came */
  get total(): number {
    return this.#total
  }

  /** Adds the `<key>` children of an upload; answers the ids that had been uploaded before with different bytes. */
  add(list: Node | undefined): number[] {
    const known = new Map<number, Buffer>()
    for (const record of this.#records()) known.set(record.readUIntBE(0, ID_BYTES), record)
    const fresh: Buffer[] = []
    const clashes: number[] = []
    for (const key of children(list, 'key')) {
      const id = bytesOf(child(key, 'id'))
      const value = bytesOf(child(key, 'value'))
      if (id?.length !== ID_BYTES || value?.length !== KEY_BYTES) continue
      const record = Buffer.concat([id, value])
      const earlier = known.get(record.readUIntBE(0, ID_BYTES))
      if (!earlier) fresh.push(record)
      else if (!earlier.equals(record)) clashes.push(record.readUIntBE(0, ID_BYTES))
    }
    if (fresh.length > 0) this.#uploads.push(Buffer.concat(fresh))
    this.#total += fresh.length
    return clashes
  }

  /** Hands out the oldest key, once. */
  take(): PublicPreKey | undefined {
    if (this.count === 0) return undefined
    let index = this.#handedOut++
    for (const upload of this.#uploads) {
      const held = upload.length / RECORD_BYTES
      if (index < held) {
        const record = upload.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES)
        return { keyId: record.readUIntBE(0, ID_BYTES), publicKey: record.subarray(ID_BYTES) }
      }
      index -= held
    }
    return undefined
  }

  /** Forgets what is left to hand out, as if others had taken it all. */
  drain(leave = 0): void {
    this.#handedOut = Math.max(this.#handedOut, this.#total - leave)
  }

  save(): { uploads: string[]; handedOut: number } {
    return { uploads: this.#uploads.map(upload => upload.toString('base64')), handedOut: this.#handedOut }
  }

  /** A pool that was filled by one upload of packed ids and keys, which may be other pools' as well. */
  static filled(records: Buffer): PreKeyPool {
    const pool = new PreKeyPool()
    pool.#uploads.push(records)
    pool.#total = records.length / RECORD_BYTES
    return pool
  }

  static restore(saved: { uploads: string[]; handedOut: number }): PreKeyPool {
    const pool = new PreKeyPool()
    for (const upload of saved.uploads) {
      const bytes = Buffer.from(upload, 'base64')
      pool.#uploads.push(bytes)
      pool.#total += bytes.length / RECORD_BYTES
    }
    pool.#handedOut = saved.handedOut
    return pool
  }

  *#records(): Generator<Buffer> {
    for (const upload of this.#uploads) {
      for (let at = 0; at < upload.length; at += RECORD_BYTES) yield upload.subarray(at, at + RECORD_BYTES)
    }
  }
}
