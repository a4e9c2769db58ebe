import type { UserId, WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { errorCode, type Log } from '../log.js'
import { handOut, openSignIn, type Begun, type HandOutDeps } from './begin-sign-in.js'
import { checkPassword, type CheckPasswordDeps } from './check-password.js'
import { noWorkspace, wrongCredentials } from './errors.js'
import { findLogin } from './logins-store.js'
import { isSame } from './managing.js'
import { membershipIn, membershipsOf } from './memberships.js'

export type SignInDeps = CheckPasswordDeps & HandOutDeps & { tenants: Tenants; log: Log }

export type SignInInput = {
  email: string
  password: string
  code: string | null
  /** Null: the one joined first. */
  workspaceId: WorkspaceId | null
  address: string
}

/**
 * Signs somebody in to one of their workspaces.
 * @throws GatewayError those of `checkPassword`, and `no_workspace`
 */
export async function signIn(deps: SignInDeps, input: SignInInput): Promise<Begun> {
  const { tenants } = deps
  const by = { kind: 'user', address: input.address } as const
  const noteFailure = (userId: UserId): void => {
    // after the answer: it must not take longer for a login that there is
    recordFailure(deps, userId, input.address).catch((error: unknown) =>
      deps.log.warn('failed_sign_in_not_noted', { code: errorCode(error) }),
    )
  }
  const login = await checkPassword(deps, input, noteFailure)
  const { userId } = login
  const places = await membershipsOf(tenants, userId)
  const wanted = places.find(
    ({ workspaceId, suspended }) =>
      !suspended && (input.workspaceId === null || isSame(workspaceId, input.workspaceId)),
  )
  if (wanted === undefined) throw noWorkspace()
  const { workspaceId } = wanted
  const opened = await tenants.transact({ workspaceId, userId, by }, async tx => {
    const place = await membershipIn(tx, workspaceId, userId)
    if (place === null || place.suspended) throw noWorkspace()
    // a password that was changed meanwhile ends this sign-in, too, and one that is being changed finds it
    const now = await findLogin(tx, userId, 'held')
    if (now?.passwordHash !== login.passwordHash) throw wrongCredentials()
    await audit(tx, { action: 'auth.sign_in' })
    return openSignIn(deps, tx, { userId, role: place.role, loginVersion: now.version })
  })
  return handOut(deps, opened)
}

/** In the audit log of the workspace that the login joined first. */
async function recordFailure({ tenants }: SignInDeps, userId: UserId, address: string): Promise<void> {
  const [place] = await membershipsOf(tenants, userId)
  if (place === undefined) return
  const by = { kind: 'user', address } as const
  await tenants.transact({ workspaceId: place.workspaceId, userId, by }, tx =>
    audit(tx, { action: 'auth.sign_in_failed', result: 'refused' }),
  )
}
