import type { UserId, WorkspaceId } from '../../contract/ids.js'
import type { ChangeMemberRequest, MemberView } from '../../contract/people.js'
import { audit } from '../audit/audit.js'
import { DatabaseRefusedError } from '../database/database-errors.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { wake } from '../events/wake.js'
import { handOver, handOverEnded } from '../tenancy/hand-over.js'
import { lastOwner, memberKept, notFound } from './errors.js'
import { revokeInvitationsOf } from './invitations-store.js'
import { asWorkspace } from './as-workspace.js'
import { lockPeople, managerScope, requireAbove, requireManager, type Manager } from './managing.js'
import { changeMemberRow, findMember, otherOwners, passDefaultOn, removeMemberRow } from './members-store.js'
import { wakeLogin } from './wake-login.js'

export type ChangeMemberDeps = { tenants: Tenants; operator: () => Operator }

/** What PostgreSQL says when a row is still referred to. */
const stillReferred = '23503'

/**
 * Gives a member another role, suspends them or ends that. It holds at once, for open connections too.
 * @throws GatewayError `member_not_found`, `forbidden`, `last_owner`, `member_kept`
 */
export function changeMember(
  { tenants, operator }: ChangeMemberDeps,
  manager: Manager,
  { userId, ...wanted }: ChangeMemberRequest & { userId: UserId },
): Promise<MemberView> {
  return tenants.transact(managerScope(manager), async tx => {
    await lockPeople(tx)
    const managing = await requireManager(tx, manager.userId)
    const before = await existing(tx, userId)
    const role = wanted.role ?? before.role
    const suspended = wanted.suspended ?? before.suspended
    requireAbove(managing, before.role, role)
    const goes = suspended && !before.suspended
    if (goes) requireDispensable(operator(), manager, before)
    await requireOwnerLeft(tx, before, role === 'owner' && !suspended)
    if (goes && before.isDefault) await passDefaultOn(tx, userId)
    await changeMemberRow(tx, userId, { role, suspended })
    if (goes || (role !== before.role && role !== 'owner')) await revokeInvitationsOf(tx, userId)
    await note(tx, before, { role, suspended })
    await wakeLogin(tx, userId)
    return { ...before, role, suspended, isDefault: before.isDefault && !goes }
  })
}

/**
 * Takes somebody's place in the workspace away, with their keys; their sessions, private ones too, go to the workspace's default user, each
 * with an entry in the audit log. Anybody may leave by themselves. The login itself stays.
 * @throws GatewayError `member_not_found`, `forbidden`, `last_owner`, `member_kept` (whoever leaves has sessions, or begins one)
 */
export async function removeMember(
  { tenants, operator }: ChangeMemberDeps,
  manager: Manager,
  { userId }: { userId: UserId },
): Promise<void> {
  const leaving = userId === manager.userId
  try {
    await tenants.transact(managerScope(manager), async tx => {
      await lockPeople(tx)
      const before = await existing(tx, userId)
      if (!leaving) requireAbove(await requireManager(tx, manager.userId), before.role)
      requireNotOperator(operator(), manager, before)
      await requireOwnerLeft(tx, before, false)
      if (before.isDefault) await passDefaultOn(tx, userId)
      await revokeInvitationsOf(tx, userId)
      await audit(tx, { action: 'member.removed', target: userId, detail: { previousRole: before.role } })
      // what somebody has while others remove them stays with the workspace; who leaves decides about it first
      if (leaving) await asWorkspace(tx, () => handOverEnded(tx, userId))
      else await leaveSessions(tx, userId)
      await removeMemberRow(tx, userId)
      await wakeLogin(tx, userId)
    })
  } catch (error) {
    if (!(error instanceof DatabaseRefusedError) || error.sqlState !== stillReferred) throw error
    throw memberKept(
      'Sessions, or links under way, still belong to you.',
      'Delete or cancel them first, or ask an owner or admin to remove you: then they go to the workspace.',
    )
  }
}

async function leaveSessions(tx: TenantTransactor, userId: UserId): Promise<void> {
  for (const sessionId of await asWorkspace(tx, () => handOver(tx, userId))) {
    await audit(tx, { action: 'session.owner_changed', target: sessionId, detail: { userId } })
    // whoever was shown it watches it no more
    await wake(tx, sessionId)
  }
}

async function existing(tx: TenantTransactor, userId: UserId): Promise<MemberView> {
  const found = await findMember(tx, userId)
  if (found === null) throw notFound('member_not_found')
  return found
}

type Operator = { workspaceId: WorkspaceId }

function requireDispensable(operator: Operator, manager: Manager, member: MemberView): void {
  requireNotOperator(operator, manager, member)
  if (member.userId === manager.userId) throw memberKept('Nobody suspends themselves.', 'Leave the workspace instead.')
}

function requireNotOperator(operator: Operator, { workspaceId }: Manager, { isDefault }: MemberView): void {
  if (!isDefault || workspaceId !== operator.workspaceId) return
  throw memberKept(
    'The operator’s own place stays: what visitors link belongs to it.',
    'Give it another role, or sign it out everywhere and change its password.',
  )
}

async function requireOwnerLeft(
  tx: TenantTransactor,
  { userId, role, suspended }: MemberView,
  stays: boolean,
): Promise<void> {
  if (role !== 'owner' || suspended || stays) return
  if ((await otherOwners(tx, userId)) === 0) throw lastOwner()
}

async function note(
  tx: TenantTransactor,
  before: MemberView,
  { role, suspended }: Pick<MemberView, 'role' | 'suspended'>,
): Promise<void> {
  const target = before.userId
  if (role !== before.role) {
    await audit(tx, { action: 'member.role_changed', target, detail: { role, previousRole: before.role } })
  }
  if (suspended === before.suspended) return
  await audit(tx, { action: suspended ? 'member.suspended' : 'member.resumed', target })
}
