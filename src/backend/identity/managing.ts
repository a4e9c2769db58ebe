import { sql } from 'kysely'
import type { Role } from '../../contract/access.js'
import type { UserId, WorkspaceId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { Member } from '../http/actor.js'
import { notAllowed } from './errors.js'

/** Who manages people, as far as it matters to them. */
export type Manager = Pick<Member, 'userId' | 'workspaceId' | 'kind' | 'keyId' | 'address' | 'role'>

export const managerScope = ({ workspaceId, userId, kind, keyId, address }: Manager) =>
  ({ workspaceId, userId, by: { kind, address, ...(keyId !== undefined && { keyId }) } }) as const

/** Changes of a workspace's people come one after the other. References from elsewhere do not wait. */
export async function lockPeople({ db, scope }: TenantTransactor): Promise<void> {
  await sql`select from workspaces where id = ${scope.workspaceId} for no key update`.execute(db)
}

/**
 * Holds a manager to what they may do at this moment, and not when they were last looked up.
 * @throws GatewayError `forbidden`
 */
export async function requireManager({ db }: TenantTransactor, userId: UserId): Promise<Role> {
  const row = await db
    .selectFrom('app_users')
    .select('role')
    .where('id', '=', userId)
    .where('suspended_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined || row.role === 'member') {
    throw notAllowed('This needs the role "admin" in the workspace.', 'Ask an owner of the workspace.')
  }
  return row.role
}

/** Admins manage admins and members; what an owner is, owners decide. @throws GatewayError `forbidden` */
export function requireAbove(manager: Role, ...touched: readonly Role[]): void {
  if (manager === 'owner' || !touched.includes('owner')) return
  throw notAllowed('Only an owner makes owners, or changes them.', 'Ask an owner of the workspace.')
}

/** Of the same workspace. */
export const isSame = (one: WorkspaceId, other: string): boolean => one.toLowerCase() === other.toLowerCase()
