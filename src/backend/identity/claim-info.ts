import type { ClaimInfo } from '../../contract/identity.js'
import type { UserId } from '../../contract/ids.js'
import { findInvitation, type AcceptInvitationDeps } from './accept-invitation.js'
import { linkOver } from './errors.js'
import { linkKind } from './link-tokens.js'
import { ownerLinkEnd, type OwnerLinkDeps } from './owner-link.js'
import { passwordLinkInfo } from './password-link.js'
import type { TenantReader } from '../database/tenant-transaction.js'

export type ClaimInfoDeps = OwnerLinkDeps & Pick<AcceptInvitationDeps, 'database'>

/** What a link is good for. @throws GatewayError `link_over` */
export async function claimInfo(deps: ClaimInfoDeps, { token }: { token: string }): Promise<ClaimInfo> {
  const kind = linkKind(token)
  if (kind === 'owner') return ownerInfo(deps, token)
  if (kind === 'password') return passwordLinkInfo(deps, token)
  const { workspaceId, invitation } = await findInvitation(deps, token)
  const { role, email, expiresAt } = invitation
  const scope = { workspaceId, userId: nobody }
  const workspace = await deps.tenants.read(scope, workspaceName)
  return { kind: 'invitation', workspace, role, email, expiresAt: expiresAt.toISOString() }
}

async function ownerInfo({ tenants, operator }: ClaimInfoDeps, token: string): Promise<ClaimInfo> {
  return tenants.transact(operator(), async tx => {
    const end = await ownerLinkEnd(tx, token)
    if (end === null) throw linkOver()
    return {
      kind: 'owner',
      workspace: await workspaceName(tx),
      role: 'owner',
      email: null,
      expiresAt: end.toISOString(),
    }
  })
}

/** Sees no member's rows. */
const nobody = '00000000-0000-0000-0000-000000000000' as UserId

async function workspaceName({ db }: Pick<TenantReader, 'db'>): Promise<string> {
  const row = await db.selectFrom('workspaces').select('name').executeTakeFirst()
  return row?.name ?? ''
}
