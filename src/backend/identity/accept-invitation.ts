import { randomUUID } from 'node:crypto'
import { UserId, type WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { addLogin } from './add-login.js'
import { handOut, openSignIn, type Begun, type HandOutDeps, type Opened } from './begin-sign-in.js'
import { checkPassword, type CheckPasswordDeps } from './check-password.js'
import type { NewLogin } from './claim-first-owner.js'
import { alreadyMember, linkOver, wrongCredentials } from './errors.js'
import { invitationWorkspace, markAccepted, openInvitation, type OpenInvitation } from './invitations-store.js'
import { linkHash, linkKind } from './link-tokens.js'
import { findLogin, loginByEmail } from './logins-store.js'
import { membershipIn } from './memberships.js'
import { requireGoodPassword } from './password-rules.js'
import type { SignInDeps } from './sign-in.js'

export type AcceptInvitationDeps = CheckPasswordDeps & HandOutDeps & Pick<SignInDeps, 'tenants'>

export type AcceptInput = Omit<NewLogin, 'email'> & { email: string | null; code: string | null }

/** Who accepts: a login that there is, or one to be made. */
type Accepting = { userId: UserId; email: string; passwordHash: string; isNew: boolean; name: string }

/**
 * Gives a login its place in the workspace that invited it, and signs it in there. Without a login of that e-mail one is made.
 * @throws GatewayError `link_over`, `already_member`, `weak_password`, `email_taken`, and those of `checkPassword`
 */
export async function acceptInvitation(deps: AcceptInvitationDeps, input: AcceptInput): Promise<Begun> {
  const { tenants } = deps
  const { token, address, name } = input
  const { workspaceId, invitation } = await findInvitation(deps, token)
  const email = invitation.email ?? input.email
  if (email === null || (input.email !== null && input.email !== email)) throw wrongCredentials()
  const accepting = { ...(await identified(deps, { ...input, email })), email, name }
  const scope = { workspaceId, userId: accepting.userId, by: { kind: 'user', address } } as const
  return handOut(deps, await tenants.transact(scope, tx => join(deps, tx, token, accepting)))
}

/** @throws GatewayError `link_over` */
export async function findInvitation(
  { database, tenants }: Pick<AcceptInvitationDeps, 'database' | 'tenants'>,
  token: string,
): Promise<{ workspaceId: WorkspaceId; invitation: OpenInvitation }> {
  const hash = linkHash(token)
  const workspaceId = linkKind(token) === 'invite' ? await invitationWorkspace(database, hash) : null
  if (workspaceId === null) throw linkOver()
  // for nobody yet: as one who sees nobody's rows
  const scope = { workspaceId, userId: randomUUID() }
  const invitation = await tenants.read(scope, tx => openInvitation(tx, hash))
  if (invitation === null) throw linkOver()
  return { workspaceId, invitation }
}

async function identified(
  deps: AcceptInvitationDeps,
  { email, password, code, name, address }: AcceptInput & { email: string },
): Promise<Pick<Accepting, 'userId' | 'passwordHash' | 'isNew'>> {
  // before it is looked up, so that an invitation does not tell which e-mails have a login
  requireGoodPassword(password, [email, name])
  if ((await loginByEmail(deps.database, email)) !== null) {
    const { userId, passwordHash } = await checkPassword(deps, { email, password, code, address })
    return { userId, passwordHash, isNew: false }
  }
  return { userId: UserId.parse(randomUUID()), passwordHash: await deps.passwords.hash(password), isNew: true }
}

async function join(
  deps: AcceptInvitationDeps,
  tx: TenantTransactor,
  token: string,
  { userId, email, passwordHash, isNew, name }: Accepting,
): Promise<Opened> {
  const { workspaceId } = tx.scope
  const invitation = await openInvitation(tx, linkHash(token), 'held')
  if (invitation === null) throw linkOver()
  if (isNew) await addLogin(tx, { userId, email, passwordHash })
  const login = await findLogin(tx, userId, 'held')
  if (login?.passwordHash !== passwordHash) throw wrongCredentials()
  // a suspended place is not opened by an invitation
  if ((await membershipIn(tx, workspaceId, userId)) !== null) throw alreadyMember()
  const { role } = invitation
  await tx.db.insertInto('app_users').values({ workspace_id: workspaceId, id: userId, name, email, role }).execute()
  await markAccepted(tx, invitation.id, userId)
  await audit(tx, { action: 'invitation.accepted', target: invitation.id })
  await audit(tx, { action: 'member.joined', target: userId, detail: { role } })
  return openSignIn(deps, tx, { userId, role, loginVersion: login.version })
}
