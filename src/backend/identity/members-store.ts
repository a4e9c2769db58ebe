import { sql } from 'kysely'
import type { Role } from '../../contract/access.js'
import { UserId } from '../../contract/ids.js'
import type { MemberView } from '../../contract/people.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'

const columns = ['id', 'name', 'email', 'role', 'is_default', 'suspended_at', 'created_at'] as const

type Row = {
  id: string
  name: string
  email: string | null
  role: Role
  is_default: boolean
  suspended_at: Date | null
  created_at: Date
}

/** The oldest first. */
export async function listMembers({ db }: TenantReader): Promise<MemberView[]> {
  const rows = await db
    .selectFrom('app_users')
    .select(columns)
    .orderBy('created_at')
    .orderBy('id')
    .limit(1_000)
    .execute()
  return rows.map(viewOf)
}

export async function findMember({ db }: Pick<TenantReader, 'db'>, userId: UserId): Promise<MemberView | null> {
  const row = await db.selectFrom('app_users').select(columns).where('id', '=', userId).executeTakeFirst()
  return row === undefined ? null : viewOf(row)
}

export async function changeMemberRow(
  { db }: TenantTransactor,
  userId: UserId,
  { role, suspended }: { role: Role; suspended: boolean },
): Promise<void> {
  const at = sql<Date | null>`case when ${suspended} then coalesce(suspended_at, clock_timestamp()) end`
  await db.updateTable('app_users').set({ role, suspended_at: at }).where('id', '=', userId).execute()
}

export async function removeMemberRow({ db }: TenantTransactor, userId: UserId): Promise<void> {
  await db.deleteFrom('app_users').where('id', '=', userId).execute()
}

/** What nobody owns is from now on another owner's, the one who joined first. */
export async function passDefaultOn({ db }: TenantTransactor, userId: UserId): Promise<void> {
  await db.updateTable('app_users').set({ is_default: false }).where('id', '=', userId).execute()
  const next = db
    .selectFrom('app_users')
    .select('id')
    .where('role', '=', 'owner')
    .where('suspended_at', 'is', null)
    .where('id', '<>', userId)
    .orderBy('created_at')
    .limit(1)
  await db.updateTable('app_users').set({ is_default: true }).where('id', '=', next).execute()
}

/** Owners who can sign in, or whose place waits for them; whoever it is without `userId`. */
export async function otherOwners({ db }: TenantTransactor, userId: UserId): Promise<number> {
  const row = await db
    .selectFrom('app_users')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('role', '=', 'owner')
    .where('suspended_at', 'is', null)
    .where('id', '<>', userId)
    .where(eb => eb.or([eb('email', 'is not', null), eb('is_default', '=', true)]))
    .executeTakeFirst()
  return row?.count ?? 0
}

function viewOf(row: Row): MemberView {
  return {
    userId: UserId.parse(row.id),
    name: row.name,
    email: row.email,
    role: row.role,
    isDefault: row.is_default,
    suspended: row.suspended_at !== null,
    joinedAt: row.created_at.toISOString(),
  }
}
