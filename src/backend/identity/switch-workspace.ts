import type { Switched } from '../../contract/identity.js'
import type { WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { unauthenticated } from '../http/refusals.js'
import type { AccessTokens } from './access-tokens.js'
import { noWorkspace } from './errors.js'
import { lockFamily, moveFamily } from './families-store.js'
import { findLogin } from './logins-store.js'
import { membershipIn } from './memberships.js'
import type { Person } from './own-login.js'

export type SwitchWorkspaceDeps = { tenants: Tenants; accessTokens: AccessTokens }

/**
 * The sign-in goes on in another of one's workspaces: with an access token for it, and so do those that its refreshes give. The access
 * token that asked is good for its own workspace until it ends.
 * @throws GatewayError `no_workspace`, `unauthenticated` when the sign-in has ended meanwhile
 */
export async function switchWorkspace(
  { tenants, accessTokens }: SwitchWorkspaceDeps,
  { userId, familyId, loginVersion, address }: Person,
  workspaceId: WorkspaceId,
): Promise<Switched> {
  const scope = { workspaceId, userId, by: { kind: 'user', address } } as const
  const role = await tenants.transact(scope, async tx => {
    const place = await membershipIn(tx, workspaceId, userId)
    if (place === null || place.suspended) throw noWorkspace()
    // an access token that was ended elsewhere a moment ago must not live on in a new one
    const login = await findLogin(tx, userId, 'held')
    if (login?.version !== loginVersion || !(await lockFamily(tx, familyId))) throw unauthenticated()
    await moveFamily(tx, { familyId, workspaceId })
    await audit(tx, { action: 'auth.switched' })
    return place.role
  })
  const { token, expiresIn } = await accessTokens.issue({ userId, workspaceId, loginVersion, familyId })
  return { accessToken: token, tokenType: 'Bearer', expiresIn, userId, workspaceId, role }
}
