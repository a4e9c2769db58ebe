import { randomBytes, randomUUID } from 'node:crypto'
import { WorkspaceId } from '../../contract/ids.js'
import type { WorkspaceView } from '../../contract/people.js'
import { audit } from '../audit/audit.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { Once } from '../http/idempotency.js'
import { notFound } from './errors.js'
import { isSame, managerScope, requireManager, type Manager } from './managing.js'
import { findMember } from './members-store.js'
import { membershipIn, membershipsOf } from './memberships.js'

export type WorkspacesDeps = {
  tenants: Tenants
  /** Whose managers may make further workspaces. */
  operator: () => { workspaceId: WorkspaceId }
}

/** A person sees all workspaces they have a place in; a key or a service the one it asks in. */
export async function listWorkspaces({ tenants }: WorkspacesDeps, asking: Manager): Promise<WorkspaceView[]> {
  const { workspaceId, userId, kind } = asking
  if (kind === 'user') return (await membershipsOf(tenants, userId)).map(viewOf)
  const place = await tenants.read({ workspaceId, userId }, tx => membershipIn(tx, workspaceId, userId))
  return place === null ? [] : [viewOf(place)]
}

/**
 * Makes a workspace, of which whoever asks is the owner; they invite others and may leave it to them.
 * @throws GatewayError `forbidden` for whoever does not manage the operator's workspace
 */
export async function createWorkspace(
  { tenants, operator }: WorkspacesDeps,
  manager: Manager,
  { name }: { name: string },
  once: Once | null,
): Promise<WorkspaceView> {
  const { userId } = manager
  const asOperator = { ...managerScope(manager), workspaceId: operator().workspaceId }
  const owner = await tenants.transact(asOperator, async tx => {
    await requireManager(tx, userId)
    return findMember(tx, userId)
  })
  if (owner === null) throw notFound('member_not_found')
  const workspaceId = WorkspaceId.parse(once?.id ?? randomUUID())
  return tenants.transact({ ...managerScope(manager), workspaceId }, async tx => {
    if (await addWorkspace(tx, { name, userId, ownName: owner.name, email: owner.email })) {
      await audit(tx, { action: 'workspace.created', target: workspaceId })
    }
    // an earlier try of the same request may have made it
    const place = await membershipIn(tx, workspaceId, userId)
    if (place === null) throw notFound('workspace_not_found')
    return viewOf(place)
  })
}

/** @returns whether it was not there yet */
async function addWorkspace(
  { db, scope: { workspaceId } }: TenantTransactor,
  { name, userId, ownName, email }: { name: string; userId: string; ownName: string; email: string | null },
): Promise<boolean> {
  // a slug is for people who choose one; until then it only has to be nobody else's
  const slug = `w-${randomBytes(8).toString('hex')}`
  const made = await db
    .insertInto('workspaces')
    .values({ id: workspaceId, name, slug })
    .onConflict(conflict => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (made === undefined) return false
  await db
    .insertInto('app_users')
    .values({ workspace_id: workspaceId, id: userId, name: ownName, email, role: 'owner', is_default: true })
    .execute()
  return true
}

/** @throws GatewayError `workspace_not_found` for any but one's own, `forbidden` */
export async function renameWorkspace(
  { tenants }: WorkspacesDeps,
  manager: Manager,
  { workspaceId, name }: { workspaceId: string; name: string },
): Promise<WorkspaceView> {
  if (!isSame(manager.workspaceId, workspaceId)) throw notFound('workspace_not_found')
  const role = await tenants.transact(managerScope(manager), async tx => {
    const managing = await requireManager(tx, manager.userId)
    await tx.db.updateTable('workspaces').set({ name }).where('id', '=', manager.workspaceId).execute()
    await audit(tx, { action: 'workspace.renamed', target: manager.workspaceId })
    return managing
  })
  return { workspaceId: manager.workspaceId, name, role, suspended: false }
}

const viewOf = (place: {
  workspaceId: WorkspaceId
  workspace: string
  role: WorkspaceView['role']
  suspended: boolean
}): WorkspaceView => ({
  workspaceId: place.workspaceId,
  name: place.workspace,
  role: place.role,
  suspended: place.suspended,
})
