import type { AccessToken } from '../../contract/identity.js'
import { changeLogin, type ChangeLoginDeps } from './change-login.js'
import { unlessCutShort } from './check-password.js'
import { wrongCredentials } from './errors.js'
import type { Login } from './logins-store.js'
import { ownLogin, type Person } from './own-login.js'
import { requireGoodPassword } from './password-rules.js'
import type { Passwords } from './passwords.js'
import type { SignInLimit } from './sign-in-limit.js'

export type ProvePasswordDeps = { passwords: Passwords; limit: SignInLimit }

export type ChangePasswordDeps = ChangeLoginDeps & ProvePasswordDeps

/**
 * @throws GatewayError `wrong_credentials` (the old one is not right), `weak_password`, `too_many_attempts`
 */
export async function changePassword(
  deps: ChangePasswordDeps,
  person: Person,
  { old, fresh }: { old: string; fresh: string },
): Promise<AccessToken> {
  const login = await ownLogin(deps.tenants, person)
  requireGoodPassword(fresh, [login.email], 'new')
  await provePassword(deps, { login, password: old, address: person.address })
  const change = { password_hash: await deps.passwords.hash(fresh), password_changed_at: new Date() }
  return changeLogin(deps, person, { login, change, action: 'auth.password_changed' })
}

/** An access token that was stolen must not be enough to keep the login, nor to guess its password. */
export async function provePassword(
  { passwords, limit }: ProvePasswordDeps,
  { login, password, address }: { login: Login; password: string; address: string },
): Promise<void> {
  const attempt = await limit.enter(login.email, address)
  const matches = await unlessCutShort(attempt, () => passwords.matches(login.passwordHash, password))
  if (!matches) throw wrongCredentials()
  await attempt.succeeded()
}
