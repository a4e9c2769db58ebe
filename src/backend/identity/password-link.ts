import type { ClaimInfo } from '../../contract/identity.js'
import type { UserId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { asWorkspace } from './as-workspace.js'
import { auditHome, type AuditHomeDeps } from './audit-home.js'
import { linkOver } from './errors.js'
import { revokeFamilies } from './families-store.js'
import { linkKind, newLinkToken } from './link-tokens.js'
import { loginByPasswordLink, openPasswordLink, storePasswordLink, usePasswordLink } from './password-links-store.js'
import { requireGoodPassword } from './password-rules.js'
import type { Passwords } from './passwords.js'
import type { SignInLimit } from './sign-in-limit.js'
import { wakeLogin } from './wake-login.js'

export type PasswordLinkDeps = AuditHomeDeps & { tenants: Tenants }

export type UsePasswordLinkDeps = PasswordLinkDeps & {
  database: Pick<Database, 'system'>
  passwords: Passwords
  limit: SignInLimit
}

export type PasswordToken = { token: string; expiresAt: Date }

/**
 * A link by which whoever has it chooses a new password for a login, once and within the hour, for the operator to hand over: a login spans
 * workspaces, so none of their owners may. The one before ends.
 * @param dropsSecondFactor whether the login does without its second factor from then on
 * @returns null: there is no such login
 */
export async function newPasswordLink(
  deps: PasswordLinkDeps,
  { userId, dropsSecondFactor }: { userId: UserId; dropsSecondFactor: boolean },
): Promise<PasswordToken | null> {
  const workspaceId = await auditHome(deps, userId)
  const token = newLinkToken('password')
  return deps.tenants.transact({ workspaceId, userId }, async tx => {
    const expiresAt = await storePasswordLink(tx, { userId, token, dropsSecondFactor })
    if (expiresAt === null) return null
    const by = { workspaceId, by: { kind: 'operator' } } as const
    await asWorkspace(tx, () => audit(tx, { action: 'auth.password_link', target: userId }, by))
    return { token, expiresAt }
  })
}

/** @throws GatewayError `link_over` */
export async function passwordLinkInfo(
  { database, tenants }: Pick<UsePasswordLinkDeps, 'database' | 'tenants'>,
  token: string,
): Promise<ClaimInfo> {
  const { email, dropsSecondFactor, expiresAt } = (await findLink({ database, tenants }, token)).link
  return { kind: 'password', email, dropsSecondFactor, expiresAt: expiresAt.toISOString() }
}

/**
 * Puts a new password in place of one that is lost. Every sign-in of the login ends, and so does what wrong passwords have made it wait for.
 * Nobody is signed in by it: a second factor that stays is still to be shown.
 * @throws GatewayError `link_over`, `weak_password`
 */
export async function setPasswordByLink(
  deps: UsePasswordLinkDeps,
  { token, password, address }: { token: string; password: string; address: string },
): Promise<void> {
  const { tenants, passwords, limit } = deps
  const { userId, link } = await findLink(deps, token)
  requireGoodPassword(password, [link.email])
  const passwordHash = await passwords.hash(password)
  const workspaceId = await auditHome(deps, userId)
  await tenants.transact({ workspaceId, userId, by: { kind: 'user', address } }, async tx => {
    const held = await openPasswordLink(tx, { userId, token }, 'held')
    if (held === null) throw linkOver()
    const { dropsSecondFactor, hadSecondFactor } = held
    await usePasswordLink(tx, { userId, passwordHash, dropsSecondFactor })
    const count = await revokeFamilies(tx, { userId, reason: 'password_reset' })
    await audit(tx, { action: 'auth.password_reset', target: userId, detail: { count } })
    if (dropsSecondFactor && hadSecondFactor) await audit(tx, { action: 'auth.totp_removed', target: userId })
    await wakeLogin(tx, userId)
  })
  await limit.beginAnew(link.email, address)
}

async function findLink({ database, tenants }: Pick<UsePasswordLinkDeps, 'database' | 'tenants'>, token: string) {
  const userId = linkKind(token) === 'password' ? await loginByPasswordLink(database, token) : null
  if (userId === null) throw linkOver()
  const link = await tenants.asLogin(userId, tx => openPasswordLink(tx, { userId, token }))
  if (link === null) throw linkOver()
  return { userId, link }
}
