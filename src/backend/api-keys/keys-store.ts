import { sql, type Selectable } from 'kysely'
import type { ApiKeyId, ApiKeyView } from '../../contract/api-keys.js'
import { SessionId, UserId } from '../../contract/ids.js'
import type { ApiKeyTable } from '../database/schema.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import { hashOfSecret, newKeyId, newKeySecret, writeKey } from './key-text.js'

export type StoredKey = Selectable<ApiKeyTable>

/** What somebody decides about a key. */
export type KeyTerms = Pick<StoredKey, 'name' | 'scopes' | 'session_ids' | 'addresses' | 'expires_at'>

const inForce = sql<boolean>`revoked_at is null and coalesce(expires_at > clock_timestamp(), true)`

/** @returns the key as its owner is to keep it, which nothing here remembers */
export async function insertKey(
  tx: TenantTransactor,
  userId: string,
  terms: KeyTerms,
): Promise<{ row: StoredKey; key: string }> {
  const secret = newKeySecret()
  const row = await tx.db
    .insertInto('api_keys')
    .values({
      ...terms,
      workspace_id: tx.scope.workspaceId,
      id: newKeyId(),
      user_id: userId,
      secret_hash: hashOfSecret(secret),
      last4: secret.slice(-4),
    })
    // one in 200 million million that is taken: the next one is not
    .onConflict(conflict => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? insertKey(tx, userId, terms) : { row, key: writeKey({ id: row.id, secret }) }
}

/** Locks the member, so that two who make keys at once do not both find room. */
export async function countInForce({ db }: TenantTransactor, userId: string): Promise<number> {
  await db.selectFrom('app_users').select('id').where('id', '=', userId).forNoKeyUpdate().execute()
  const { count } = await db
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('user_id', '=', userId)
    .where(inForce)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** One's own, locked against whoever changes it at the same time. */
export function lockOwnKey(
  { db }: TenantTransactor,
  userId: string,
  id: ApiKeyId,
): Promise<(StoredKey & { in_force: boolean }) | undefined> {
  return db
    .selectFrom('api_keys')
    .selectAll()
    .select(inForce.as('in_force'))
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .forUpdate()
    .executeTakeFirst()
}

/** Ends a key some time after another has taken its place. */
export async function replaceKey(
  { db }: TenantTransactor,
  id: ApiKeyId,
  { by, seconds }: { by: ApiKeyId; seconds: number },
): Promise<void> {
  const until = sql<Date>`least(expires_at, clock_timestamp() + make_interval(secs => ${seconds}))`
  await db.updateTable('api_keys').set({ replaced_by: by, expires_at: until }).where('id', '=', id).execute()
}

/** Ends what a key has taken the place of, if it still holds. @returns which that was */
export async function endReplaced({ db }: TenantTransactor, by: ApiKeyId): Promise<{ id: string }[]> {
  return db
    .updateTable('api_keys')
    .set({ revoked_at: sql<Date>`clock_timestamp()` })
    .where('replaced_by', '=', by)
    .where('revoked_at', 'is', null)
    .returning('id')
    .execute()
}

/** Of whom the transaction's member may see. @returns whether there is such a key */
export async function revokeKey({ db }: TenantTransactor, id: ApiKeyId): Promise<boolean> {
  const revoked = await db
    .updateTable('api_keys')
    .set({ revoked_at: sql<Date>`coalesce(revoked_at, clock_timestamp())` })
    .where('id', '=', id)
    .returning('id')
    .execute()
  return revoked.length > 0
}

/** A page of what the transaction's member may see: their own, and of those who manage the workspace everybody's. */
export function readKeys(
  { db }: TenantReader,
  { after, limit }: { after: ApiKeyId | undefined; limit: number },
): Promise<StoredKey[]> {
  return db
    .selectFrom('api_keys')
    .selectAll()
    .$if(after !== undefined, query => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** What ended a month ago. @returns how many are gone, `limit` at most */
export async function forgetEndedKeys({ db }: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from api_keys where ctid = any(array(
      select ctid from api_keys where least(revoked_at, expires_at) < clock_timestamp() - interval '30 days' limit ${limit}
    )) returning 1`.execute(db)
  return rows.length
}

export function presentKey(row: StoredKey): ApiKeyView {
  return {
    id: row.id,
    userId: UserId.parse(row.user_id),
    name: row.name,
    last4: row.last4,
    scopes: row.scopes,
    sessionIds: row.session_ids && row.session_ids.map(id => SessionId.parse(id)),
    addresses: row.addresses,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    replacedBy: row.replaced_by,
  }
}
