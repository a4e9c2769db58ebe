import { sql } from 'kysely'
import type { Role } from '../../contract/access.js'
import { WorkspaceId, type UserId } from '../../contract/ids.js'
import type { InvitationView } from '../../contract/people.js'
import type { Database } from '../database/database.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'

/** One that can be accepted now. */
export type OpenInvitation = { id: string; role: Role; email: string | null; expiresAt: Date }

/** An invitation is good for so many days. */
const keptDays = 7

const isOpen = sql<boolean>`accepted_at is null and revoked_at is null and expires_at > clock_timestamp()`

const state = sql<InvitationView['state']>`case
  when accepted_at is not null then 'accepted' when revoked_at is not null then 'revoked'
  when expires_at <= clock_timestamp() then 'expired' else 'open' end`

const shown = ['id', 'role', 'email', 'created_at', 'expires_at'] as const

type Shown = {
  id: string
  role: Role
  email: string | null
  created_at: Date
  expires_at: Date
  state: InvitationView['state']
}

export async function invitationWorkspace(
  database: Pick<Database, 'system'>,
  hash: Buffer,
): Promise<WorkspaceId | null> {
  const { rows } = await database.system(({ db }) =>
    sql<{ id: string | null }>`select invitation_workspace(${hash}) as id`.execute(db),
  )
  const id = rows[0]?.id ?? null
  return id === null ? null : WorkspaceId.parse(id)
}

export async function addInvitation(
  { db, scope }: TenantTransactor,
  of: { role: Role; email: string | null; hash: Buffer; invitedBy: UserId },
): Promise<InvitationView> {
  const row = await db
    .insertInto('invitations')
    .values({
      workspace_id: scope.workspaceId,
      role: of.role,
      email: of.email,
      token_hash: of.hash,
      invited_by: of.invitedBy,
      expires_at: sql<Date>`clock_timestamp() + make_interval(days => ${keptDays})`,
    })
    .returning([...shown, state.as('state')])
    .executeTakeFirstOrThrow()
  return viewOf(row)
}

/** The newest first. */
export async function listInvitations({ db }: TenantReader): Promise<InvitationView[]> {
  const rows = await db
    .selectFrom('invitations')
    .select([...shown, state.as('state')])
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(200)
    .execute()
  return rows.map(viewOf)
}

/** @returns whether there was such an open one, and for what role */
export async function revokeInvitation({ db }: TenantTransactor, id: string): Promise<Role | null> {
  const row = await db
    .updateTable('invitations')
    .set({ revoked_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', id)
    .where(isOpen)
    .returning('role')
    .executeTakeFirst()
  return row?.role ?? null
}

/** Whoever may not invite any more has invited nobody. */
export async function revokeInvitationsOf({ db }: TenantTransactor, userId: UserId): Promise<void> {
  await db
    .updateTable('invitations')
    .set({ revoked_at: sql<Date>`clock_timestamp()` })
    .where('invited_by', '=', userId)
    .where(isOpen)
    .execute()
}

/** @param held nobody else accepts or revokes it before the transaction ends */
export async function openInvitation(
  { db }: Pick<TenantReader, 'db'>,
  hash: Buffer,
  held?: 'held',
): Promise<OpenInvitation | null> {
  const row = await db
    .selectFrom('invitations')
    .select(['id', 'role', 'email', 'expires_at'])
    .where('token_hash', '=', hash)
    .where(isOpen)
    .$if(held === 'held', query => query.forUpdate())
    .executeTakeFirst()
  return row === undefined ? null : { id: row.id, role: row.role, email: row.email, expiresAt: row.expires_at }
}

export async function markAccepted({ db }: TenantTransactor, id: string, userId: UserId): Promise<void> {
  await db
    .updateTable('invitations')
    .set({ accepted_at: sql<Date>`clock_timestamp()`, accepted_by: userId })
    .where('id', '=', id)
    .execute()
}

function viewOf({ id, role, email, created_at, expires_at, state: at }: Shown): InvitationView {
  return {
    invitationId: id,
    role,
    email,
    state: at,
    createdAt: created_at.toISOString(),
    expiresAt: expires_at.toISOString(),
  }
}
