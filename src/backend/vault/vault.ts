import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import {
  countSeals,
  findDataKeys,
  insertDataKey,
  lockWorkspaceKey,
  wrappingKekId,
  type StoredDataKey,
} from './data-keys-store.js'
import { createKeyRing, dataKeyOf, MAX_SEALS, type DataKey, type KeyRing } from './key-ring.js'
import { idOf, type Scope } from './scope.js'
import {
  createSealer,
  isTransactor,
  type Cell,
  type Sealer,
  type SealerDeps,
  type VaultReader,
  type VaultTransactor,
} from './sealer.js'
import { knownKeks, type Secrets } from './secrets.js'
import { VaultError } from './vault-error.js'

export type { VaultReader, VaultTransactor } from './sealer.js'

/** Sealers kept in memory; beyond that the longest unused is dropped and read again when needed. */
const MAX_CACHED = 10_000

export type VaultLimits = {
  /** Nothing is sealed with a key that was not the newest within these milliseconds. */
  confirmEveryMs: number
  /** So many seals are counted in memory before they are told to the others: lost when the process ends, a small part of `mostSeals`. */
  reportEvery: number
  /** Of one key by all processes together; then there is a new one. */
  mostSeals: number
}

export const vaultLimits: VaultLimits = { confirmEveryMs: 20_000, reportEvery: 65_536, mostSeals: MAX_SEALS }

/** Gives out sealers. */
export interface Vault {
  /** Public fingerprints of the secrets that this vault has, its own first. */
  readonly kekIds: readonly string[]
  /**
   * Makes a new data key and stores it in the caller's transaction; useless when that rolls back. For a scope that has
   * keys already this is a rotation: older values are opened by what `sealer` answers after the commit.
   */
  createSealer(tx: VaultTransactor, scope: Scope): Promise<Sealer>
  /**
   * The sealer of a scope that has a data key. Kept in memory, but never while only the caller's own, unfinished
   * transaction knows the key.
   *
   * @throws VaultError `data_key_missing`, `wrong_key` (wrapped with another secret), `tampered`.
   */
  sealer(tx: VaultReader, scope: Scope): Promise<Sealer>
  /**
   * The workspace's own sealer. The first writer makes its data key, also when many come at once.
   *
   * @throws VaultError as `sealer` does; `data_key_missing` only to a reader, who finds nothing sealed either.
   */
  workspaceSealer(tx: VaultReader | VaultTransactor, workspaceId: string): Promise<Sealer>
  /** Opens a value without a transaction. @returns null where its key has to be read first @throws VaultError as `Sealer.open` does */
  openKnown(scope: Scope, cell: Cell, sealed: Uint8Array): Buffer | null
  /** Seals one without a transaction. @returns null where the keys have to be read first @throws VaultError as `Sealer.seal` does */
  sealKnown(scope: Scope, cell: Cell, plaintext: Uint8Array): Buffer | null
  /** Drops a sealer from memory: its data key was deleted or replaced. */
  forget(scope: Scope): void
}

/** @throws VaultError `weak_secret` below 32 bytes. */
export function createVault(secrets: Secrets, limits: VaultLimits = vaultLimits): Vault {
  const keks = knownKeks(secrets)
  const cache = new Map<string, Sealer>()

  const remember = (scope: Scope, sealer: Sealer): void => {
    cache.set(nameOf(scope), sealer)
    const [oldest] = cache.keys()
    if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest)
  }
  const cached = (scope: Scope): Sealer | undefined => {
    const sealer = cache.get(nameOf(scope))
    if (!sealer) return undefined
    // Moves it behind the others: the front is the longest unused.
    cache.delete(nameOf(scope))
    cache.set(nameOf(scope), sealer)
    return sealer
  }
  const unwrap = (scope: Scope, { id, wrapped, kekId }: StoredDataKey): DataKey =>
    dataKeyOf(id, keks.of(kekId).unwrap(scope, id, wrapped))
  /** What was deleted since is still needed by whoever has read a value before: known keys stay. */
  const reload = async (tx: VaultReader, scope: Scope, { keys: known }: KeyRing): Promise<KeyRing> => {
    const byId = new Map(known.map(key => [key.id, key]))
    const stored = await findDataKeys(tx.db, scope)
    // one of this very transaction may yet be rolled back
    const found = stored.filter(({ id, settled }) => settled || byId.has(id))
    const keys = found.map(row => byId.get(row.id) ?? unwrap(scope, row))
    // a reader looks at a moment that may lie before what is known here
    const newest = isTransactor(tx) || keys.includes(known[0]) ? keys[0] : known[0]
    if (newest === undefined || keys.length === 0) throw new VaultError('data_key_missing')
    return createKeyRing(scope, [newest, ...new Set([...keys, ...known].filter(key => key !== newest))])
  }
  const sealerOf = (scope: Scope, ...keys: [DataKey, ...DataKey[]]): Sealer => {
    const deps: SealerDeps = {
      ...limits,
      reload: (tx, known) => reload(tx, scope, known),
      async report(tx, key) {
        const unreported = key.seals - key.reported
        const all = await countSeals(tx.db, scope, key.id, unreported)
        tx.onCommit(() => void (key.reported += unreported))
        if (all >= limits.mostSeals) await create(tx, scope)
      },
    }
    return createSealer(createKeyRing(scope, keys), deps)
  }
  const load = async (tx: VaultReader, scope: Scope): Promise<Sealer | undefined> => {
    const stored = await findDataKeys(tx.db, scope)
    const [newest, ...older] = stored.map(row => unwrap(scope, row))
    if (!newest) return undefined
    const sealer = sealerOf(scope, newest, ...older)
    if (stored.every(row => row.settled)) remember(scope, sealer)
    return sealer
  }
  const create = async (tx: VaultTransactor, scope: Scope): Promise<Sealer> => {
    const id = randomUUID()
    const bytes = randomBytes(32)
    const kek = keks.of((await wrappingKekId(tx.db)) ?? keks.own.id)
    await insertDataKey(tx.db, scope, { id, wrapped: kek.wrap(scope, id, bytes), kekId: kek.id })
    // Whatever is in memory would not know the new key; the next call reads all of them.
    tx.onCommit(() => void cache.delete(nameOf(scope)))
    return sealerOf(scope, dataKeyOf(id, createSecretKey(bytes)))
  }

  return {
    kekIds: keks.ids,
    createSealer: create,
    async sealer(tx, scope) {
      const sealer = cached(scope) ?? (await load(tx, scope))
      if (!sealer) throw new VaultError('data_key_missing')
      return sealer
    },
    async workspaceSealer(tx, workspaceId) {
      const scope = { workspaceId, sessionId: null }
      const sealer = cached(scope) ?? (await load(tx, scope))
      if (sealer) return sealer
      if (!('onCommit' in tx)) throw new VaultError('data_key_missing')
      await lockWorkspaceKey(tx.db, workspaceId)
      return (await load(tx, scope)) ?? create(tx, scope)
    },
    openKnown: (scope, cell, sealed) => cached(scope)?.openKnown(cell, sealed) ?? null,
    sealKnown: (scope, cell, plaintext) => cached(scope)?.sealKnown(cell, plaintext) ?? null,
    forget: scope => void cache.delete(nameOf(scope)),
  }
}

function nameOf(scope: Scope): string {
  return idOf(scope).join('/')
}
