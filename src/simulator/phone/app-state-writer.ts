import { randomBytes } from 'node:crypto'
import type { Person } from '../accounts/person.js'
import { proto } from '../wire/protobuf.js'
import { mutationKeys, patchMac, sealMutation, snapshotMac, SummedHash } from './app-state-crypto.js'
import type { PhoneKeys } from './phone-keys.js'

const MAC_BYTES = 32

export type AppStateEntry = { index: string[]; value: proto.ISyncActionValue }

/**
 * `missing-key`: made with a key no device was given; `wrong-mac`: no MAC of the patch fits; `missing-values`: the values are not there, and
 * what a reader sums up is not what the phone has.
 */
export type PatchFlaw = 'missing-key' | 'wrong-mac' | 'missing-values'

export type WriteOptions = {
  flaw?: PatchFlaw | undefined
  store?: ((values: Uint8Array) => proto.IExternalBlobReference) | undefined
}

/** A collection as it stands; its records are sealed with the account's key. */
export type WholeCollection = { name: string; version: number; hash: Uint8Array; records: proto.ISyncdRecord[] }

type Written = { version: number; hash: SummedHash; records: Map<string, proto.ISyncdRecord> }

/** The phone's hand in its account's app state. Values other devices wrote go into its sums without being read. */
export class AppStateWriter {
  readonly #collections = new Map<string, Written>()

  constructor(
    private readonly person: Person,
    private readonly keys: () => PhoneKeys,
  ) {}

  /**
   * Appends one patch that sets these values; answers the collection's new version.
   * @param store puts the values somewhere else than into the patch
   */
  write(collection: string, entries: AppStateEntry[], { flaw, store }: WriteOptions = {}): number {
    const { appState } = this.person
    const written = this.#caughtUp(collection)
    const own = this.keys().appState
    const key = flaw === 'missing-key' ? { keyId: randomBytes(6), keyData: randomBytes(MAC_BYTES) } : own
    const keys = mutationKeys(key.keyData)
    const sealed = entries.map(({ index, value }) => sealMutation(keys, key.keyId, index, value))
    for (const { indexMac, valueMac, blob } of sealed) {
      written.hash.set(indexMac, valueMac)
      const record = { index: { blob: indexMac }, value: { blob }, keyId: { id: key.keyId } }
      written.records.set(indexMac.toString('base64'), record)
    }
    const version = written.version + 1
    const snapshot = snapshotMac(keys, written.hash.bytes, version, collection)
    const there = flaw === 'missing-values' ? [] : sealed
    const values = there.map(({ valueMac }) => valueMac)
    const wrong = flaw === 'wrong-mac'
    const keyId = { id: key.keyId }
    const mutations = there.map(({ indexMac, blob }) => ({
      operation: proto.SyncdMutation.SyncdOperation.SET,
      record: { index: { blob: indexMac }, value: { blob: wrong ? spoilt(blob) : blob }, keyId },
    }))
    const patch = proto.SyncdPatch.encode({
      version: { version },
      ...(store ? { externalMutations: store(proto.SyncdMutations.encode({ mutations }).finish()) } : { mutations }),
      snapshotMac: wrong ? randomBytes(MAC_BYTES) : snapshot,
      patchMac: wrong ? randomBytes(MAC_BYTES) : patchMac(keys, snapshot, values, version, collection),
      keyId,
    }).finish()
    appState.append(collection, written.version, () => Buffer.from(patch))
    written.version = version
    return version
  }

  /** All of a collection as it stands, an encoded `SyncdSnapshot`, and its version. */
  whole(collection: string): { version: number; content: Uint8Array } {
    const { version, hash, records } = this.#caughtUp(collection)
    const { keyId, keyData } = this.keys().appState
    const content = proto.SyncdSnapshot.encode({
      version: { version },
      records: [...records.values()],
      mac: snapshotMac(mutationKeys(keyData), hash.bytes, version, collection),
      keyId: { id: keyId },
    }).finish()
    return { version, content }
  }

  /** The same, for whoever has the key to tell it otherwise. */
  records(collection: string): WholeCollection {
    const { version, hash, records } = this.#caughtUp(collection)
    return { name: collection, version, hash: hash.bytes, records: [...records.values()] }
  }

  /** The sums after everything anybody wrote. */
  #caughtUp(collection: string): Written {
    const written = this.#collections.get(collection) ?? { version: 0, hash: new SummedHash(), records: new Map() }
    this.#collections.set(collection, written)
    for (const bytes of this.person.appState.since(collection, written.version)) {
      for (const { operation, record } of proto.SyncdPatch.decode(bytes).mutations) {
        const index = record?.index?.blob
        const value = record?.value?.blob
        if (!index || !value) continue
        const name = Buffer.from(index).toString('base64')
        if (operation === proto.SyncdMutation.SyncdOperation.REMOVE) {
          written.hash.remove(index)
          written.records.delete(name)
        } else {
          written.hash.set(index, value.subarray(-MAC_BYTES))
          written.records.set(name, record)
        }
      }
      written.version++
    }
    return written
  }
}

function spoilt(blob: Buffer): Buffer {
  const bytes = Buffer.from(blob)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff
  return bytes
}
