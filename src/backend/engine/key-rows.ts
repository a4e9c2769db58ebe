import { sql, type RawBuilder } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import { keyIdOf, keyIdPlace } from '../vault/key-ring.js'
import type { Sealer } from '../vault/sealer.js'
import { VaultError } from '../vault/vault-error.js'
import { credentialsCell, journalCell, signalKeyCell } from './key-cells.js'
import type { KeyBatch } from './key-batch.js'
import type { Credentials } from './engine.js'
import { StorageError, type JournalledMessage } from './keystore.js'
import './keystore-tables.js'

/** The SQL of one session's key store. Values are sealed before and opened after; rows never hold plaintext. */
export class KeyRows {
  readonly #sessionId: SessionId
  readonly #sealer: Sealer
  readonly #sealed = new WeakMap<Credentials, Buffer>()

  constructor(sessionId: SessionId, sealer: Sealer) {
    this.#sessionId = sessionId
    this.#sealer = sealer
  }

  async credentials(tx: TenantReader): Promise<Buffer | null> {
    return (await this.versioned(tx))?.bytes ?? null
  }

  /** The stored credentials, and which write of them they are. */
  async versioned(tx: TenantReader): Promise<{ bytes: Buffer; version: string } | null> {
    const row = await tx.db
      .selectFrom('session_credentials')
      .select(['credentials', 'version'])
      .where('session_id', '=', this.#sessionId)
      .executeTakeFirst()
    if (row === undefined) return null
    const cell = credentialsCell(this.#sessionId)
    return { bytes: await this.#sealer.open(tx, cell, row.credentials), version: row.version }
  }

  /** @param ids `null`: every id of the type */
  async keys(tx: TenantReader, type: string, ids: readonly string[] | null): Promise<Map<string, Uint8Array>> {
    let query = tx.db
      .selectFrom('signal_keys')
      .select(['id', 'value'])
      .where('session_id', '=', this.#sessionId)
      .where('type', '=', type)
    if (ids !== null) query = query.where(sql<boolean>`id = any(${ids})`)
    const rows = await query.execute()
    const values = new Map<string, Uint8Array>()
    for (const { id, value } of rows) {
      values.set(id, await this.#sealer.open(tx, signalKeyCell(this.#sessionId, type, id), value))
    }
    return values
  }

  /** @returns type → id → value, without what is absent */
  async keysOfTypes(
    tx: TenantReader,
    wanted: ReadonlyMap<string, readonly string[]>,
  ): Promise<Map<string, Map<string, Uint8Array>>> {
    const pairs = [...wanted].flatMap(([type, ids]) => ids.map(id => ({ type, id })))
    const { rows } = await sql<{ type: string; id: string; value: Buffer }>`
      select k.type, k.id, k.value from signal_keys k
      join unnest(${pairs.map(({ type }) => type)}::text[], ${pairs.map(({ id }) => id)}::text[]) as w (type, id)
        on k.type = w.type and k.id = w.id
      where k.session_id = ${this.#sessionId}`.execute(tx.db)
    const found = new Map<string, Map<string, Uint8Array>>()
    for (const { type, id, value } of rows) {
      const values = found.get(type) ?? new Map<string, Uint8Array>()
      found.set(type, values.set(id, await this.#sealer.open(tx, signalKeyCell(this.#sessionId, type, id), value)))
    }
    return found
  }

  async journal(tx: TenantReader, hash: Uint8Array): Promise<Uint8Array | null> {
    const row = await tx.db
      .selectFrom('inbound_journal')
      .select('plaintext')
      .where('session_id', '=', this.#sessionId)
      .where('hash', '=', Buffer.from(hash))
      .executeTakeFirst()
    return row === undefined ? null : this.#sealer.open(tx, journalCell(this.#sessionId, hash), row.plaintext)
  }

  /** What the account's own devices sent in the last `seconds`, oldest first. */
  async ownJournal(tx: TenantReader, seconds: number): Promise<JournalledMessage[]> {
    const { rows } = await sql<{ hash: Buffer; plaintext: Buffer; stanza: JournalledMessage['stanza'] }>`
      select hash, plaintext, stanza from inbound_journal
      where session_id = ${this.#sessionId} and stanza ->> 'recipient' is not null
        and created_at > now() - make_interval(secs => ${seconds})
      order by created_at`.execute(tx.db)
    const messages: JournalledMessage[] = []
    for (const { hash, plaintext, stanza } of rows) {
      const cell = journalCell(this.#sessionId, hash)
      messages.push({ stanza, plaintext: await this.#sealer.open(tx, cell, plaintext) })
    }
    return messages
  }

  /**
   * Writes a batch; the caller's transaction has locked the lease already.
   * @param over the version that its credentials follow; `null`: there are none yet
   * @returns the version of its credentials, `over` when it has none
   * @throws StorageError `stale_credentials` when others have been written since
   */
  async write(tx: TenantTransactor, batch: KeyBatch, over: string | null): Promise<string | null> {
    await this.#putKeys(tx, batch)
    await this.#deleteKeys(tx, batch)
    await this.#putJournal(tx, batch)
    return batch.credentials === null ? over : this.#putCredentials(tx, batch.credentials, over)
  }

  async #putKeys(tx: TenantTransactor, batch: KeyBatch): Promise<void> {
    const types: string[] = []
    const ids: string[] = []
    const values: Buffer[] = []
    for (const { type, id, value } of batch.puts()) {
      types.push(type)
      ids.push(id)
      values.push(await this.#sealer.seal(tx, signalKeyCell(this.#sessionId, type, id), value))
    }
    if (types.length === 0) return
    const { numAffectedRows } = await sql`
      insert into signal_keys as stored (workspace_id, session_id, type, id, value)
      select ${tx.scope.workspaceId}, ${this.#sessionId}, * from unnest(${types}::text[], ${ids}::text[], ${values}::bytea[])
      on conflict (workspace_id, session_id, type, id) do update set value = excluded.value
      where ${this.#isOwn(sql`stored.value`)}`.execute(tx.db)
    if (numAffectedRows !== BigInt(values.length)) throw new VaultError('unknown_key')
  }

  async #deleteKeys(tx: TenantTransactor, batch: KeyBatch): Promise<void> {
    const gone = [...batch.deletions()]
    if (gone.length === 0) return
    await sql`
      delete from signal_keys k using unnest(${gone.map(key => key.type)}::text[], ${gone.map(key => key.id)}::text[]) as d (type, id)
      where k.session_id = ${this.#sessionId} and k.type = d.type and k.id = d.id
        and ${this.#isOwn(sql`k.value`)}`.execute(tx.db)
  }

  async #putJournal(tx: TenantTransactor, { journal }: KeyBatch): Promise<void> {
    if (journal.length === 0) return
    const rows = []
    for (const { hash, plaintext, stanza } of journal) {
      rows.push({
        workspace_id: tx.scope.workspaceId,
        session_id: this.#sessionId,
        hash: Buffer.from(hash),
        plaintext: await this.#sealer.seal(tx, journalCell(this.#sessionId, hash), plaintext),
        stanza: stanza === null ? null : JSON.stringify(stanza),
      })
    }
    await tx.db
      .insertInto('inbound_journal')
      .values(rows)
      .onConflict(conflict => conflict.columns(['workspace_id', 'session_id', 'hash']).doNothing())
      .execute()
  }

  /** A write whose commit nobody heard of is tried again with the same bytes, and finds itself there. */
  async #putCredentials(tx: TenantTransactor, credentials: Credentials, over: string | null): Promise<string> {
    const anew = await this.#sealer.seal(tx, credentialsCell(this.#sessionId), credentials.bytes)
    const before = this.#sealed.get(credentials)
    const sealed = before !== undefined && keyIdOf(before).equals(keyIdOf(anew)) ? before : anew
    this.#sealed.set(credentials, sealed)
    const { rows } = await sql<{ version: string }>`
      insert into session_credentials as stored (workspace_id, session_id, credentials)
      values (${tx.scope.workspaceId}, ${this.#sessionId}, ${sealed})
      on conflict (workspace_id, session_id)
      do update set credentials = excluded.credentials,
        version = stored.version + (stored.credentials is distinct from excluded.credentials)::int
      where (stored.version = ${over}::bigint or stored.credentials = excluded.credentials)
        and ${this.#isOwn(sql`stored.credentials`)}
      returning version`.execute(tx.db)
    const [stored] = rows
    if (stored !== undefined) return stored.version
    // says so when what lies there is not this session's
    const there = await this.versioned(tx)
    // sealed anew since that commit, with another data key
    if (there !== null && Buffer.from(credentials.bytes).equals(there.bytes)) return there.version
    throw new StorageError('stale_credentials', 'Newer credentials of this session are stored.')
  }

  /** What was sealed for somebody else and was moved here may be all that is left of it: it is not written over. */
  #isOwn(sealed: RawBuilder<unknown>): RawBuilder<boolean> {
    const keyId = sql`substring(${sealed} from ${sql.lit(keyIdPlace.from)} for ${sql.lit(keyIdPlace.bytes)})`
    return sql`(${keyId} = uuid_send(${this.#sealer.keyId}::uuid) or exists (
      select from data_keys d where d.session_id = ${this.#sessionId} and uuid_send(d.id) = ${keyId}))`
  }
}
