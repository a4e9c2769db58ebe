import type { AccessToken } from '../../contract/identity.js'
import { changeLogin, type ChangeLoginDeps } from './change-login.js'
import { unlessCutShort } from './check-password.js'
import { wrongCredentials } from './errors.js'
import type { Login } from './logins-store.js'
import { ownLogin, type Person } from './own-login.js'
import { noPasswordLink } from './password-links-store.js'
import { requireGoodPassword } from './password-rules.js'
import type { Passwords } from './passwords.js'
import type { SignInLimit, SignInTry } from './sign-in-limit.js'

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
  await provePassword(deps, person, { login, password: old })
  const passwordHash = await deps.passwords.hash(fresh)
  // whoever knows the old one needs no link, and one that is still about is for nobody else
  const change = { ...noPasswordLink, password_hash: passwordHash, password_changed_at: new Date() }
  return changeLogin(deps, person, { login, change, action: 'auth.password_changed' })
}

/** An access token that was stolen must not be enough to keep the login, nor to guess its password. */
export async function provePassword(...asked: Parameters<typeof tryPassword>): Promise<void> {
  await (await tryPassword(...asked)).succeeded()
}

/** The same for what may fail later in a way that is to count like a wrong password. @throws GatewayError `wrong_credentials`, `too_many_attempts` */
export async function tryPassword(
  { passwords, limit }: ProvePasswordDeps,
  { familyId }: Pick<Person, 'familyId'>,
  { login, password }: { login: Login; password: string },
): Promise<SignInTry> {
  const attempt = await limit.enterSignedIn(familyId, 'password')
  const matches = await unlessCutShort(attempt, () => passwords.matches(login.passwordHash, password))
  if (!matches) throw wrongCredentials()
  return attempt
}
