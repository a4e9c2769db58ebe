import { randomUUID } from 'node:crypto'
import { UserId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { secondFactorRequired, secondFactorWrong, wrongCredentials } from './errors.js'
import { findLogin, loginByEmail, takeRecoveryCode, takeTotpStep, type Login } from './logins-store.js'
import type { Passwords } from './passwords.js'
import { recoveryHash, totpStep } from './second-factor.js'
import type { SignInLimit, SignInTry } from './sign-in-limit.js'
import type { TotpSeal } from './totp-seal.js'

export type CheckPasswordDeps = {
  database: Pick<Database, 'system'>
  tenants: Pick<Tenants, 'asLogin'>
  passwords: Passwords
  limit: SignInLimit
  seal: TotpSeal
  /** Milliseconds since 1970. */
  now: () => number
}

export type Shown = {
  email: string
  password: string
  code: string | null
  address: string
  /** Of whoever is signed in already. */
  familyId?: string
}

/**
 * Whether somebody is who they say: password first, then the second factor if the login has one. Asks the database the same and hashes the
 * same whether there is such a login or not.
 * @param onWrong told of the login that was tried in vain, when there is one
 * @throws GatewayError `wrong_credentials`, `second_factor_required`, `second_factor_wrong`, `too_many_attempts`
 */
export async function checkPassword(
  deps: CheckPasswordDeps,
  { email, password, code, address, familyId }: Shown,
  onWrong: (userId: UserId) => void = () => {},
): Promise<Login> {
  const { database, tenants, passwords, limit } = deps
  const attempt = await (familyId === undefined ? limit.enter(email, address) : limit.enterSignedIn(familyId, 'code'))
  const { userId, login, matches } = await unlessCutShort(attempt, async () => {
    const known = (await loginByEmail(database, email)) ?? UserId.parse(randomUUID())
    const found = await tenants.asLogin(known, tx => findLogin(tx, known))
    return { userId: known, login: found, matches: await passwords.matches(found?.passwordHash ?? null, password) }
  })
  if (login === null) throw wrongCredentials()
  if (!matches) {
    onWrong(userId)
    throw wrongCredentials()
  }
  await requireSecondFactor(deps, login, code, attempt, onWrong)
  await attempt.succeeded()
  return login
}

/** What nobody has looked at was no wrong password: the database was away, or too many waited. */
export async function unlessCutShort<T>(attempt: SignInTry, look: () => Promise<T>): Promise<T> {
  try {
    return await look()
  } catch (error) {
    await attempt.gaveBack()
    throw error
  }
}

async function requireSecondFactor(
  deps: CheckPasswordDeps,
  login: Login,
  code: string | null,
  attempt: SignInTry,
  onWrong: (userId: UserId) => void,
): Promise<void> {
  if (!login.totpConfirmed) return
  if (code === null) {
    await attempt.gaveBack()
    throw secondFactorRequired()
  }
  if (await takeSecondFactor(deps, login, code)) return
  onWrong(login.userId)
  throw secondFactorWrong()
}

/** Takes a code of the authenticator or a recovery code: each is good once. */
export async function takeSecondFactor(
  { tenants, seal, now }: Pick<CheckPasswordDeps, 'tenants' | 'seal' | 'now'>,
  { userId, totpSecret }: Login,
  code: string,
): Promise<boolean> {
  if (totpSecret === null) return false
  const digits = code.replaceAll(/\s/g, '')
  const step = totpStep(await seal.open(userId, totpSecret), digits, now())
  if (step !== null) return tenants.asLogin(userId, tx => takeTotpStep(tx, userId, step))
  const hash = recoveryHash(userId, code)
  return hash !== null && (await tenants.asLogin(userId, tx => takeRecoveryCode(tx, userId, hash)))
}
