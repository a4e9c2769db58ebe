import type { KeyObject } from 'node:crypto'
import { BOX_OVERHEAD, closeBox, lengthPrefixed, openBox } from './authenticated-box.js'
import { idOf, type Scope } from './scope.js'
import { VaultError } from './vault-error.js'

/** The place of a sealed value. A value opens only in the place it was sealed for. */
export type Cell = {
  table: string
  column: string
  /** The row's key within its table and workspace, such as an id, or the parts of a key joined unambiguously. */
  row: string
}

/** The data keys of one session or workspace as they were read at one time. Holds them in a form that nothing can print. */
export interface KeyRing {
  /** The keys that are here, the one to seal with first. */
  readonly keys: readonly [DataKey, ...DataKey[]]
  /** Whether the key that a value names is here. */
  knows(sealed: Uint8Array): boolean
  /** UUID of the data key that `seal` uses. */
  readonly keyId: string
  /** @throws VaultError `key_exhausted` after 2^30 seals by this process. */
  seal(cell: Cell, plaintext: Uint8Array): Buffer
  /**
   * @throws VaultError `tampered` for any changed byte and any other place, `unknown_key` for a value sealed with a key
   *   of another session or workspace, `unknown_format` for anything that is no sealed value.
   */
  open(cell: Cell, sealed: Uint8Array): Buffer
  /** @throws VaultError `not_json` for a value that JSON cannot hold, and those of `seal`. */
  sealJson(cell: Cell, value: unknown): Buffer
  openJson(cell: Cell, sealed: Uint8Array): unknown
}

/** `seals`: by this process, in all its rings; `reported`: those of them that the others know of. */
export type DataKey = { readonly id: string; readonly key: KeyObject; seals: number; reported: number }

export const dataKeyOf = (id: string, key: KeyObject): DataKey => ({ id, key, seals: 0, reported: 0 })

/** NIST SP 800-38D allows 2^32 seals with random nonces under one key; restarts and other nodes use the rest. */
export const MAX_SEALS = 2 ** 30

const VERSION = 1
const AES_256_GCM = 1
const HEADER_LENGTH = 18

/** Where a sealed value names its data key, counted from 1, for statements that look before they write. */
export const keyIdPlace = { from: 3, bytes: 16 } as const

/** The 16 bytes there. */
export const keyIdOf = (sealed: Uint8Array): Buffer => Buffer.from(sealed.subarray(2, HEADER_LENGTH))

/**
 * A sealed value is `version(1) | algorithm(1) | data key id (16) | nonce(12) | ciphertext | tag(16)`; bound to it are
 * the product, version, workspace, session, table, column, row and data key id.
 *
 * @param keys the scope's data keys, the one to seal with first; older ones only open.
 */
export function createKeyRing(scope: Scope, keys: readonly [DataKey, ...DataKey[]], maxSeals = MAX_SEALS): KeyRing {
  const [current] = keys
  const byId = new Map(keys.map(({ id, key }) => [uuidBytes(id).toString('hex'), { id, key }]))
  const header = Buffer.concat([Uint8Array.of(VERSION, AES_256_GCM), uuidBytes(current.id)])
  const ofScope = lengthPrefixed(['whizlite', Uint8Array.of(VERSION), ...idOf(scope)])
  const associated = (cell: Cell, keyId: Uint8Array): Buffer =>
    Buffer.concat([ofScope, lengthPrefixed([cell.table, cell.column, cell.row, keyId])])
  const ring: KeyRing = {
    keys,
    keyId: current.id,
    knows: sealed => byId.has(keyIdOf(sealed).toString('hex')),
    seal(cell, plaintext) {
      if (current.seals >= maxSeals) throw new VaultError('key_exhausted')
      current.seals += 1
      return Buffer.concat([header, closeBox(current.key, associated(cell, header.subarray(2)), plaintext)])
    },
    open(cell, sealed) {
      if (sealed.length < HEADER_LENGTH + BOX_OVERHEAD || sealed[0] !== VERSION || sealed[1] !== AES_256_GCM)
        throw new VaultError('unknown_format')
      const keyId = keyIdOf(sealed)
      const dataKey = byId.get(keyId.toString('hex'))
      if (!dataKey) throw new VaultError('unknown_key')
      return openBox(dataKey.key, associated(cell, keyId), sealed.subarray(HEADER_LENGTH))
    },
    sealJson(cell, value) {
      return ring.seal(cell, Buffer.from(toJson(value), 'utf8'))
    },
    openJson(cell, sealed) {
      return parseJson(ring.open(cell, sealed).toString('utf8'))
    },
  }
  return ring
}

function uuidBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex')
}

function toJson(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch {
    // A cycle or a bigint; the cause would describe the value.
  }
  if (text === undefined) throw new VaultError('not_json')
  return text
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the plaintext.
    throw new VaultError('not_json')
  }
}
