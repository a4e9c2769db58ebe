import { sql } from 'kysely'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { TenantReader, Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { assertFence, FencedError, type Fence } from '../leases/fence.js'
import type { Sealer } from '../vault/sealer.js'
import { VaultError } from '../vault/vault-error.js'
import { patiently } from '../database/until-stored.js'
import type { Credentials } from './engine.js'
import { KeyBatch } from './key-batch.js'
import { KeyRows } from './key-rows.js'
import { StorageError, type StorageErrorCode, type JournalEntry, type KeyChanges, type KeyStore } from './keystore.js'

/** Longest time any call may take. A call that never ended would hold a lock of libsignal's that is shared between sessions. */
export const keyStoreDeadlineMs = 5_000

export type KeyStoreDeps = {
  tenants: Tenants
  sealer: Sealer
  deadlineMs?: number
  /** Whether a database that is away is asked again until the deadline, instead of failing the store at once. */
  patient?: () => boolean
}

export type KeyStoreIdentity = { workspaceId: WorkspaceId; sessionId: SessionId; fence: Fence }

/** A key store for new credentials: nothing is stored before the first commit. */
export function createKeyStore(deps: KeyStoreDeps, identity: KeyStoreIdentity, credentials: Credentials): KeyStore {
  return new PostgresKeyStore(deps, identity, credentials, null)
}

/**
 * The key store of a session whose credentials were stored before. A node that was cut off while another took the session over finds out
 * here, before it logs in and throws the new owner out: the lease is held until the credentials are read.
 * @throws StorageError `fenced`, for credentials in quarantine too; also when there are none: absence here is never a reason to make new ones
 */
export async function loadKeyStore(deps: KeyStoreDeps, identity: KeyStoreIdentity): Promise<KeyStore> {
  const rows = new KeyRows(identity.sessionId, deps.sealer)
  const stored = await deps.tenants
    .transact({ workspaceId: identity.workspaceId }, tx => fencedCredentials(tx, rows, identity), { hasty: true })
    .catch((error: unknown) => {
      if (!(error instanceof FencedError)) throw error
      throw new StorageError('fenced', 'Another node runs this session now.', error)
    })
  if (stored === null) throw new StorageError('storage_error', 'This session has no stored credentials.')
  return new PostgresKeyStore(
    { patient: () => true, ...deps },
    identity,
    { engine: 'baileys', bytes: stored.bytes },
    stored.version,
  )
}

async function fencedCredentials(tx: TenantTransactor, rows: KeyRows, { sessionId, fence }: KeyStoreIdentity) {
  await assertFence(tx, sessionId, fence)
  const { rows: quarantined } = await sql`
    select from sessions where id = ${sessionId} and quarantined_at is not null`.execute(tx.db)
  if (quarantined.length > 0) throw new StorageError('fenced', 'The credentials of this session are put away.')
  return rows.versioned(tx)
}

class PostgresKeyStore implements KeyStore {
  readonly #deps: KeyStoreDeps
  readonly #identity: KeyStoreIdentity
  readonly #rows: KeyRows
  readonly #listeners: ((error: Error) => void)[] = []
  #credentials: Credentials
  /** Which write of the credentials this store knows: a newer one is somebody else's. */
  #version: string | null
  #failure: StorageError | null = null
  #waiting: { batch: KeyBatch; done: Promise<void> } | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(deps: KeyStoreDeps, identity: KeyStoreIdentity, credentials: Credentials, version: string | null) {
    this.#version = version
    this.#deps = deps
    this.#identity = identity
    this.#rows = new KeyRows(identity.sessionId, deps.sealer)
    this.#credentials = credentials
  }

  get credentials(): Credentials {
    return this.#credentials
  }

  read(type: string, ids: readonly string[]): Promise<Map<string, Uint8Array>> {
    return this.#reading(tx => this.#rows.keys(tx, type, ids))
  }

  readMany(wanted: ReadonlyMap<string, readonly string[]>): Promise<Map<string, Map<string, Uint8Array>>> {
    return this.#reading(tx => this.#rows.keysOfTypes(tx, wanted))
  }

  readAll(type: string): Promise<Map<string, Uint8Array>> {
    return this.#reading(tx => this.#rows.keys(tx, type, null))
  }

  readJournal(hash: Uint8Array): Promise<Uint8Array | null> {
    return this.#reading(tx => this.#rows.journal(tx, hash))
  }

  /** Changes that arrive while a transaction is under way share the next one. */
  commit(change: { credentials?: Credentials; keys?: KeyChanges; journal?: readonly JournalEntry[] }): Promise<void> {
    if (this.#waiting === null) {
      const batch = new KeyBatch()
      const done = this.#writing.then(() => this.#write(batch))
      this.#waiting = { batch, done }
      this.#writing = done.catch(() => {})
    }
    this.#waiting.batch.add(change)
    return this.#waiting.done
  }

  async settled(): Promise<void> {
    await (this.#waiting?.done ?? this.#writing)
    if (this.#failure !== null) throw this.#failure
  }

  onFailure(listener: (error: Error) => void): void {
    this.#listeners.push(listener)
  }

  abandon(): void {
    this.#fail(new FencedError())
  }

  async #write(batch: KeyBatch): Promise<void> {
    this.#waiting = null
    const { sessionId, workspaceId, fence } = this.#identity
    this.#version = await this.#guarded(deadline =>
      this.#deps.tenants.transact(
        { workspaceId },
        async tx => {
          await assertFence(tx, sessionId, fence)
          return this.#rows.write(tx, batch, this.#version)
        },
        deadline,
      ),
    )
    if (batch.credentials !== null) this.#credentials = batch.credentials
  }

  #reading<Result>(work: (tx: TenantReader) => Promise<Result>): Promise<Result> {
    const { workspaceId } = this.#identity
    return this.#guarded(deadline => this.#deps.tenants.read({ workspaceId }, work, deadline))
  }

  /** One failed call fails the store: what Baileys would do with the error (treat it as absence, answer the sender) must not happen. */
  async #guarded<Result>(work: (options: { deadlineMs: number }) => Promise<Result>): Promise<Result> {
    if (this.#failure !== null) throw this.#failure
    const deadlineMs = this.#deps.deadlineMs ?? keyStoreDeadlineMs
    try {
      return await (this.#deps.patient?.() === true ? patiently(work, deadlineMs) : work({ deadlineMs }))
    } catch (error) {
      throw this.#fail(error)
    }
  }

  #fail(error: unknown): StorageError {
    if (this.#failure === null) {
      this.#failure = new StorageError(storageErrorCode(error), 'Credentials could not be read or written.', error)
      for (const listener of this.#listeners) listener(this.#failure)
    }
    return this.#failure
  }
}

function storageErrorCode(error: unknown): StorageErrorCode {
  if (error instanceof StorageError) return error.code
  if (error instanceof FencedError) return 'fenced'
  return error instanceof VaultError ? 'storage_damaged' : 'storage_error'
}
