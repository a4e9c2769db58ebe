import { sql } from 'kysely'
import type { UserId, WorkspaceId } from '../../contract/ids.js'
import { WorkspaceId as WorkspaceIdSchema } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { OwnRows } from './logins-store.js'
import { refreshHash, type FamilyOf, type RefreshToken } from './refresh-tokens.js'

/** One sign-in, and the tokens that have followed each other since. */
export type Family = { familyId: string; workspaceId: WorkspaceId; isOver: boolean }

/** A sign-in ends after so many days without a refresh, and after so many at all. */
const keptDays = 30
const mostDays = 90

/** Of one login; a new one ends the one that was not used for longest. */
const mostFamilies = 50

const inDays = (days: number) => sql<Date>`clock_timestamp() + make_interval(days => ${days})`

/** Also puts away what has ended by itself. @returns how many others it has ended */
export async function openFamily(
  { db }: OwnRows,
  { userId, familyId, workspaceId, token }: FamilyOf & { workspaceId: WorkspaceId; token: RefreshToken },
): Promise<number> {
  await db
    .deleteFrom('refresh_families')
    .where('login_id', '=', userId)
    .where('expires_at', '<', sql<Date>`clock_timestamp()`)
    .execute()
  const before = db
    .selectFrom('refresh_families')
    .select('id')
    .where('login_id', '=', userId)
    .orderBy(sql`revoked_at is not null`)
    .orderBy('last_used_at', 'desc')
    .offset(mostFamilies - 1)
  const ended = await db
    .deleteFrom('refresh_families')
    .where('login_id', '=', userId)
    .where('id', 'in', before)
    .returning('id')
    .execute()
  await db
    .insertInto('refresh_families')
    .values({ login_id: userId, id: familyId, workspace_id: workspaceId, expires_at: inDays(keptDays) })
    .execute()
  await addToken({ db }, { userId, familyId, token })
  return ended.length
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

/** A sign-in that still stands, of the login whose transaction this is. */
export async function standingFamily({ db }: OwnRows, familyId: string): Promise<WorkspaceId | null> {
  const row = await db
    .selectFrom('refresh_families')
    .select('workspace_id')
    .where('id', '=', familyId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .executeTakeFirst()
  return row === undefined ? null : WorkspaceIdSchema.parse(row.workspace_id)
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

/**
 * The old one is kept as a used one for a day: whoever shows it later has stolen it, or was stolen from. What is older is told by what the
 * token says of itself.
 */
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
    .set({
      last_used_at: sql<Date>`clock_timestamp()`,
      expires_at: sql<Date>`least(${inDays(keptDays)}, created_at + make_interval(days => ${mostDays}))`,
    })
    .where('id', '=', of.familyId)
    .execute()
  await tx.db
    .deleteFrom('refresh_tokens')
    .where('family_id', '=', of.familyId)
    .where('used_at', '<', inDays(-1))
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
