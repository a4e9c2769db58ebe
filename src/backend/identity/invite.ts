import { z } from 'zod'
import type { InviteRequest, NewInvitation } from '../../contract/people.js'
import { audit } from '../audit/audit.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { Once } from '../http/idempotency.js'
import { notFound } from './errors.js'
import { addInvitation, revokeInvitation } from './invitations-store.js'
import { claimLink, linkHash, newLinkToken } from './link-tokens.js'
import { lockPeople, managerScope, requireAbove, requireManager, type Manager } from './managing.js'

export type InviteDeps = { tenants: Tenants }

/**
 * Makes a link that gives one login a place in the workspace. Nothing is sent to anybody: the link is shown to whoever invites.
 * @param base address of the gateway
 * @throws GatewayError `forbidden`
 */
export async function invite(
  { tenants }: InviteDeps,
  manager: Manager,
  { role, email, base }: InviteRequest & { base: string },
  once: Once | null,
): Promise<NewInvitation> {
  const token = newLinkToken('invite')
  return tenants.transact(managerScope(manager), async tx => {
    // whoever loses the right to invite has their invitations revoked, and not some that come after
    await lockPeople(tx)
    requireAbove(await requireManager(tx, manager.userId), role)
    const of = { role, email: email ?? null, hash: linkHash(token), invitedBy: manager.userId }
    const made = await addInvitation(tx, of)
    await audit(tx, { action: 'invitation.created', target: made.invitationId, detail: { role } })
    // what is kept for a repetition must not show the link again
    await once?.remember(tx, { ...made, link: null })
    return { ...made, link: claimLink(base, token) }
  })
}

/** @throws GatewayError `forbidden`, `invitation_not_found` (also for one that is over) */
export async function withdrawInvitation(
  { tenants }: InviteDeps,
  manager: Manager,
  { invitationId }: { invitationId: string },
): Promise<void> {
  if (!z.uuid().safeParse(invitationId).success) throw notFound('invitation_not_found')
  await tenants.transact(managerScope(manager), async tx => {
    const managing = await requireManager(tx, manager.userId)
    const role = await revokeInvitation(tx, invitationId)
    if (role === null) throw notFound('invitation_not_found')
    requireAbove(managing, role)
    await audit(tx, { action: 'invitation.revoked', target: invitationId })
  })
}
