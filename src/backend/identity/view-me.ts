import type { Me } from '../../contract/identity.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { Member } from '../http/actor.js'
import { unauthenticated } from '../http/refusals.js'
import { findLogin } from './logins-store.js'
import { findMember } from './members-store.js'
import { membershipIn } from './memberships.js'

/** Who asks, where, and what they may. @throws GatewayError `unauthenticated` when their place is gone */
export async function viewMe(tenants: Pick<Tenants, 'read' | 'asLogin'>, asking: Member): Promise<Me> {
  const { kind, userId, workspaceId, role, scopes } = asking
  const [found, place] = await tenants.read({ workspaceId, userId }, async tx => [
    await findMember(tx, userId),
    await membershipIn(tx, workspaceId, userId),
  ])
  if (found === null || place === null) throw unauthenticated()
  // of a login nobody but the person learns anything
  const login = kind === 'user' ? await tenants.asLogin(userId, tx => findLogin(tx, userId)) : null
  return {
    kind,
    user: {
      userId,
      name: found.name,
      email: login?.email ?? found.email,
      secondFactor: login?.totpConfirmed ?? null,
      recoveryCodesLeft: login?.totpConfirmed === true ? login.recoveryCodesLeft : null,
    },
    workspace: { workspaceId, name: place.workspace },
    role,
    scopes: [...scopes],
  }
}
