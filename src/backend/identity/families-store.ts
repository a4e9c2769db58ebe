import { sql } from 'kysely'
import type { UserId, WorkspaceId } from '../../contract/ids.js'
import { WorkspaceId as WorkspaceIdSchema } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { OwnRows } from './logins-store.js'
import { refreshHash, type RefreshToken } from './refresh-tokens.js'

/** One sign-in, and the tokens that have followed each other since. */
export type Family = { familyId: string; workspaceId: WorkspaceId; isOver: boolean }

/** A sign-in ends after so many days without a refresh. */
const keptDays = 30

const expiry = sql<Date>`clock_timestamp() + make_interval(days => ${keptDays})`

/** Also puts away what has ended by itself. @returns its id */
export async function openFamily(
  { db }: OwnRows,
  { userId, workspaceId, token }: { userId: UserId; workspaceId: WorkspaceId; token: RefreshToken },
): Promise<string> {
  await db
    .deleteFrom('refresh_families')
    .where('login_id', '=', userId)
    .where('expires_at', '<', sql<Date>`clock_timestamp()`)
    .execute()
  const { id } = await db
    .insertInto('refresh_families')
    .values({ login_id: userId, workspace_id: workspaceId, expires_at: expiry })
    .returning('id')
    .executeTakeFirstOrThrow()
  await addToken({ db }, { userId, familyId: id, token })
  return id
}

export async function loginByRefreshToken(
  database: Pick<Database, 'system'>,
  token: RefreshToken,
): Promise<string | null> {
  const { rows } = await database.system(({ db }) =>
    sql<{ id: string | null }>`select login_by_refresh_hash(${refreshHash(token)}) as id`.execute(db),
  )
  return rows[0]?.id ?? null
}

/** The family that a token belongs to, of the login whose transaction this is. */
export async function familyOf({ db }: OwnRows, token: RefreshToken): Promise<Family | null> {
  const row = await db
    .selectFrom('refresh_tokens as t')
    .innerJoin('refresh_families as f', join =>
      join.onRef('f.login_id', '=', 't.login_id').onRef('f.id', '=', 't.family_id'),
    )
    .select(['f.id', 'f.workspace_id'])
    .select(sql<boolean>`f.revoked_at is not null or f.expires_at <= clock_timestamp()`.as('over'))
    .where('t.hash', '=', refreshHash(token))
    .executeTakeFirst()
  if (row === undefined) return null
  return { familyId: row.id, workspaceId: WorkspaceIdSchema.parse(row.workspace_id), isOver: row.over }
}

/** Until the transaction ends nobody else takes a token of this family or revokes it. @returns whether it still stands */
export async function lockFamily({ db }: OwnRows, familyId: string): Promise<boolean> {
  const row = await db
    .selectFrom('refresh_families')
    .select('id')
    .where('id', '=', familyId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .forUpdate()
    .executeTakeFirst()
  return row !== undefined
}

/** What is known of a token: seconds since it was given for the next one, null while it is the newest. */
export async function usedAgo({ db }: OwnRows, token: RefreshToken): Promise<number | null | undefined> {
  const row = await db
    .selectFrom('refresh_tokens')
    .select(sql<number | null>`extract(epoch from clock_timestamp() - used_at)::float8`.as('ago'))
    .where('hash', '=', refreshHash(token))
    .executeTakeFirst()
  return row?.ago
}

/** The old one is kept as a used one: whoever shows it later has stolen it, or was stolen from. */
export async function rotate(
  tx: OwnRows,
  of: { userId: UserId; familyId: string; from: RefreshToken; to: RefreshToken },
): Promise<void> {
  await tx.db
    .updateTable('refresh_tokens')
    .set({ used_at: sql<Date>`clock_timestamp()` })
    .where('hash', '=', refreshHash(of.from))
    .execute()
  await addToken(tx, { ...of, token: of.to })
  await tx.db
    .updateTable('refresh_families')
    .set({ last_used_at: sql<Date>`clock_timestamp()`, expires_at: expiry })
    .where('id', '=', of.familyId)
    .execute()
}

/** Where the sign-in goes on. */
export async function moveFamily(
  { db }: OwnRows,
  { familyId, workspaceId }: { familyId: string; workspaceId: WorkspaceId },
): Promise<void> {
  await db.updateTable('refresh_families').set({ workspace_id: workspaceId }).where('id', '=', familyId).execute()
}

/** @param except the sign-in that goes on @returns how many were ended */
export async function revokeFamilies(
  { db }: OwnRows,
  { userId, reason, only, except }: { userId: UserId; reason: string; only?: string; except?: string },
): Promise<number> {
  const rows = await db
    .updateTable('refresh_families')
    .set({ revoked_at: sql<Date>`clock_timestamp()`, revoked_reason: reason })
    .where('login_id', '=', userId)
    .where('revoked_at', 'is', null)
    .$if(only !== undefined, query => query.where('id', '=', only ?? ''))
    .$if(except !== undefined, query => query.where('id', '<>', except ?? ''))
    .returning('id')
    .execute()
  return rows.length
}

async function addToken(
  { db }: OwnRows,
  { userId, familyId, token }: { userId: UserId; familyId: string; token: RefreshToken },
): Promise<void> {
  await db
    .insertInto('refresh_tokens')
    .values({ login_id: userId, family_id: familyId, hash: refreshHash(token) })
    .execute()
}
