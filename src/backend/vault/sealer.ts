import type { QueryExecutorProvider } from 'kysely'
import type { Cell, DataKey, KeyRing } from './key-ring.js'

export type { Cell } from './key-ring.js'

/** An open transaction inside the tenant scope of its workspace. */
export type VaultReader = { readonly db: QueryExecutorProvider }

/** One that writes, at the isolation level `read committed`. */
export type VaultTransactor = VaultReader & { onCommit: (hook: () => void) => void }

/**
 * Seals and opens the values of one session or workspace, for as long as somebody keeps it: data keys are replaced meanwhile, by other
 * processes, too. So both take the transaction that the value is read or written in. A value that names a key that is not here was stored
 * after that key: the same transaction sees it. And nothing is sealed with a key that has not been the newest within `confirmEveryMs`, so
 * that a key which was replaced long before can be deleted.
 */
export interface Sealer {
  /** UUID of the data key that is sealed with, as far as it is known. */
  readonly keyId: string
  /** @throws VaultError `key_exhausted` after 2^30 seals by this process, `data_key_missing` when the keys were destroyed. */
  seal(tx: VaultReader, cell: Cell, plaintext: Uint8Array): Promise<Buffer>
  /**
   * @throws VaultError `tampered` for any changed byte and any other place, `unknown_key` for a value sealed with a key
   *   of another session or workspace, `unknown_format` for anything that is no sealed value.
   */
  open(tx: VaultReader, cell: Cell, sealed: Uint8Array): Promise<Buffer>
  /** Needs no transaction. @returns null where the key is not here @throws VaultError as `open` does */
  openKnown(cell: Cell, sealed: Uint8Array): Buffer | null
  /** Needs no transaction. @returns null where the keys have to be looked at again first @throws VaultError `key_exhausted` */
  sealKnown(cell: Cell, plaintext: Uint8Array): Buffer | null
  /** @throws VaultError `not_json` for a value that JSON cannot hold, and those of `seal`. */
  sealJson(tx: VaultReader, cell: Cell, value: unknown): Promise<Buffer>
  openJson(tx: VaultReader, cell: Cell, sealed: Uint8Array): Promise<unknown>
  /** Reads the keys again, whatever is known here. */
  renew(tx: VaultReader): Promise<void>
}

export type SealerDeps = {
  /** The keys as they are now, with those that are known. @throws VaultError `data_key_missing` */
  reload: (tx: VaultReader, known: KeyRing) => Promise<KeyRing>
  /** Told how much a key has sealed since it was told before. */
  report: (tx: VaultTransactor, key: DataKey) => Promise<void>
  confirmEveryMs: number
  reportEvery: number
}

/** @param ring as it was read just now */
export function createSealer(ring: KeyRing, { reload, report, confirmEveryMs, reportEvery }: SealerDeps): Sealer {
  let current = { ring, confirmedAt: performance.now() }

  const renew = async (tx: VaultReader): Promise<void> => {
    const confirmedAt = performance.now()
    current = { ring: await reload(tx, current.ring), confirmedAt }
  }
  const isConfirmed = (): boolean => performance.now() - current.confirmedAt <= confirmEveryMs
  const unreported = (): boolean => {
    const [key] = current.ring.keys
    return key.seals - key.reported >= reportEvery
  }
  const forSealing = async (tx: VaultReader): Promise<KeyRing> => {
    if (!isConfirmed()) await renew(tx)
    if (unreported() && isTransactor(tx)) await report(tx, current.ring.keys[0])
    return current.ring
  }
  const forOpening = async (tx: VaultReader, sealed: Uint8Array): Promise<KeyRing> => {
    if (!current.ring.knows(sealed)) await renew(tx)
    return current.ring
  }

  return {
    get keyId() {
      return current.ring.keyId
    },
    seal: async (tx, cell, plaintext) => (await forSealing(tx)).seal(cell, plaintext),
    open: async (tx, cell, sealed) => (await forOpening(tx, sealed)).open(cell, sealed),
    openKnown: (cell, sealed) => (current.ring.knows(sealed) ? current.ring.open(cell, sealed) : null),
    sealKnown: (cell, plaintext) => (isConfirmed() && !unreported() ? current.ring.seal(cell, plaintext) : null),
    sealJson: async (tx, cell, value) => (await forSealing(tx)).sealJson(cell, value),
    openJson: async (tx, cell, sealed) => (await forOpening(tx, sealed)).openJson(cell, sealed),
    renew,
  }
}

export function isTransactor(tx: VaultReader | VaultTransactor): tx is VaultTransactor {
  return 'onCommit' in tx
}
