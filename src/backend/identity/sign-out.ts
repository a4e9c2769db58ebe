import { UserId, type WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { refreshRefused } from './errors.js'
import { familyOf, loginByRefreshToken, revokeFamilies } from './families-store.js'
import { findLogin, raiseVersion } from './logins-store.js'
import type { RefreshToken } from './refresh-tokens.js'
import { wakeLogin } from './wake-login.js'

export type SignOutDeps = { database: Pick<Database, 'system'>; tenants: Tenants }

/** The sign-in that is to end: by its refresh token, or as the access token names it. */
export type WhichSignIn = { token: RefreshToken } | { userId: UserId; workspaceId: WorkspaceId; familyId: string }

/** Ends one sign-in, its access tokens with it. One that is over already, or never was, is no trouble. */
export async function signOut(deps: SignOutDeps, which: WhichSignIn, address: string): Promise<void> {
  const found = 'token' in which ? await signInOf(deps, which.token) : which
  if (found === null) return
  const { userId, workspaceId, familyId } = found
  await deps.tenants.transact({ workspaceId, userId, by: { kind: 'user', address } }, async tx => {
    const ended = await revokeFamilies(tx, { userId, reason: 'signed_out', only: familyId })
    if (ended === 0) return
    await audit(tx, { action: 'auth.sign_out' })
    await wakeLogin(tx, userId)
  })
}

/**
 * Ends all sign-ins of a login in all its workspaces, and every access token.
 * @throws GatewayError `refresh_refused` when the login is gone
 */
export async function signOutEverywhere(
  { tenants }: SignOutDeps,
  { userId, workspaceId, address }: { userId: UserId; workspaceId: WorkspaceId; address: string },
): Promise<void> {
  await tenants.transact({ workspaceId, userId, by: { kind: 'user', address } }, async tx => {
    const login = await findLogin(tx, userId)
    if (login === null) throw refreshRefused()
    await raiseVersion(tx, login)
    const count = await revokeFamilies(tx, { userId, reason: 'signed_out_everywhere' })
    await audit(tx, { action: 'auth.sign_out_everywhere', detail: { count } })
    await wakeLogin(tx, userId)
  })
}

async function signInOf(
  { database, tenants }: SignOutDeps,
  token: RefreshToken,
): Promise<Exclude<WhichSignIn, { token: RefreshToken }> | null> {
  const login = await loginByRefreshToken(database, token)
  if (login === null) return null
  const userId = UserId.parse(login)
  const family = await tenants.asLogin(userId, tx => familyOf(tx, token))
  return family === null ? null : { userId, ...family }
}
