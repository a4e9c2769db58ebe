import { audit } from '../audit/audit.js'
import { handOut, openSignIn, type Begun, type HandOutDeps } from './begin-sign-in.js'
import { linkOver } from './errors.js'
import { linkKind } from './link-tokens.js'
import { addLogin } from './add-login.js'
import { endOwnerLink, ownerLinkEnd, type OwnerLinkDeps } from './owner-link.js'
import { requireGoodPassword } from './password-rules.js'
import type { Passwords } from './passwords.js'

export type ClaimFirstOwnerDeps = OwnerLinkDeps & HandOutDeps & { passwords: Passwords }

export type NewLogin = { token: string; email: string; password: string; name: string; address: string }

/**
 * Makes whoever has the link the first owner: the operator's place, and all that belongs to it, gets their login. They are signed in.
 * @throws GatewayError `link_over`, `weak_password`, `email_taken`
 */
export async function claimFirstOwner(deps: ClaimFirstOwnerDeps, input: NewLogin): Promise<Begun> {
  const { tenants, operator, passwords } = deps
  const { workspaceId, userId } = operator()
  const { token, email, password, name, address } = input
  const scope = { workspaceId, userId, by: { kind: 'user', address } } as const
  const good = linkKind(token) === 'owner' && (await tenants.transact(scope, tx => ownerLinkEnd(tx, token))) !== null
  if (!good) throw linkOver()
  requireGoodPassword(password, [email, name])
  const passwordHash = await passwords.hash(password)
  const opened = await tenants.transact(scope, async tx => {
    if ((await ownerLinkEnd(tx, token, 'held')) === null) throw linkOver()
    await addLogin(tx, { userId, email, passwordHash })
    await tx.db.updateTable('app_users').set({ name, email, role: 'owner' }).where('id', '=', userId).execute()
    await endOwnerLink(tx)
    await audit(tx, { action: 'auth.owner_claimed', target: userId })
    return openSignIn(deps, tx, { userId, role: 'owner', loginVersion: 1 })
  })
  return handOut(deps, opened)
}
