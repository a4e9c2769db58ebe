import { sql } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import './idempotency-tables.js'

/** One request of one member, by the key that they gave it. */
export type RequestPlace = { userId: string; askedBy: string; key: string }

/** `tryId`: of the caller; nobody else stores under it. `hashes`: keyed, of the request; the first is stored. */
export type Try = RequestPlace & { tryId: string; hashes: readonly Buffer[]; seconds: number }

export type StoredRequest = {
  id: string
  hash: Buffer
  underWay: boolean
  status: number | null
  answer: Buffer | null
}

const keptFor = sql`interval '24 hours'`

/** @returns the id of a request that was not known, or is forgotten by now; null: it is known */
export async function insertRequest({ db, scope }: TenantTransactor, begun: Try): Promise<string | null> {
  const { userId, askedBy, key, tryId, hashes, seconds } = begun
  const { rows } = await sql<{ id: string }>`
    insert into idempotent_requests (workspace_id, user_id, asked_by, key, request_hash, try_id, try_until)
    values (${scope.workspaceId}, ${userId}, ${askedBy}, ${key}, ${hashes[0]}, ${tryId}, clock_timestamp() + make_interval(secs => ${seconds}))
    on conflict (workspace_id, user_id, asked_by, key) do update set
      id = gen_random_uuid(), request_hash = excluded.request_hash, try_id = excluded.try_id, try_until = excluded.try_until,
      status = null, answer = null, created_at = clock_timestamp()
    where idempotent_requests.created_at < clock_timestamp() - ${keptFor}
    returning id`.execute(db)
  return rows[0]?.id ?? null
}

export async function readRequest(tx: TenantTransactor, place: RequestPlace): Promise<StoredRequest | null> {
  const row = await at(tx, place).executeTakeFirst()
  return row === undefined ? null : stored(row)
}

/** The same, and nobody else changes it before this transaction ends. */
export async function lockRequest(tx: TenantTransactor, place: RequestPlace): Promise<StoredRequest | null> {
  const row = await at(tx, place).forUpdate().executeTakeFirst()
  return row === undefined ? null : stored(row)
}

export async function tryAgain({ db }: TenantTransactor, { userId, askedBy, key, tryId, seconds }: Try): Promise<void> {
  const until = sql<Date>`clock_timestamp() + make_interval(secs => ${seconds})`
  await db
    .updateTable('idempotent_requests')
    .set({ try_id: tryId, try_until: until })
    .where('user_id', '=', userId)
    .where('asked_by', '=', askedBy)
    .where('key', '=', key)
    .execute()
}

/** @returns whether the try was still the one under way */
export async function storeAnswer(
  { db }: TenantTransactor,
  { userId, askedBy, key, tryId }: RequestPlace & { tryId: string },
  { status, answer }: { status: number; answer: Buffer | null },
): Promise<boolean> {
  const stored = await db
    .updateTable('idempotent_requests')
    .set({ status, answer })
    .where('user_id', '=', userId)
    .where('asked_by', '=', askedBy)
    .where('key', '=', key)
    .where('try_id', '=', tryId)
    .returning('id')
    .execute()
  return stored.length > 0
}

/** Lets another try begin at once. */
export async function endTry(
  { db }: TenantTransactor,
  { userId, askedBy, key, tryId }: RequestPlace & { tryId: string },
): Promise<void> {
  await db
    .updateTable('idempotent_requests')
    .set({ try_until: sql<Date>`clock_timestamp()` })
    .where('user_id', '=', userId)
    .where('asked_by', '=', askedBy)
    .where('key', '=', key)
    .where('try_id', '=', tryId)
    .where('status', 'is', null)
    .execute()
}

/** What is older than a day. @returns how many are gone, `limit` at most */
export async function forgetRequests({ db }: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from idempotent_requests where ctid = any(array(
      select ctid from idempotent_requests where created_at < clock_timestamp() - ${keptFor} limit ${limit}
    )) returning 1`.execute(db)
  return rows.length
}

type Row = { id: string; request_hash: Buffer; under_way: boolean; status: number | null; answer: Buffer | null }

const stored = ({ id, request_hash, under_way, status, answer }: Row): StoredRequest => ({
  id,
  hash: request_hash,
  underWay: under_way,
  status,
  answer,
})

function at({ db }: TenantTransactor, { userId, askedBy, key }: RequestPlace) {
  return db
    .selectFrom('idempotent_requests')
    .select(['id', 'request_hash', 'status', 'answer'])
    .select(sql<boolean>`try_until > clock_timestamp()`.as('under_way'))
    .where(sql<boolean>`created_at > clock_timestamp() - ${keptFor}`)
    .where('user_id', '=', userId)
    .where('asked_by', '=', askedBy)
    .where('key', '=', key)
}
