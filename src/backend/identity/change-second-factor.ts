import type { AccessToken, SecondFactorBegun, SecondFactorConfirmed } from '../../contract/identity.js'
import { changeLogin, type ChangeLoginDeps } from './change-login.js'
import { provePassword, type ProvePasswordDeps } from './change-password.js'
import { checkPassword, type CheckPasswordDeps } from './check-password.js'
import { secondFactorState, secondFactorWrong } from './errors.js'
import { ownLogin, ownScope, type Person } from './own-login.js'
import { noSecondFactor } from './password-links-store.js'
import { newRecoveryCodes, newTotpSecret, recoveryHash, totpAddress, totpStep } from './second-factor.js'

export type SecondFactorDeps = ChangeLoginDeps & ProvePasswordDeps & CheckPasswordDeps

/**
 * Makes a secret for an authenticator. It counts once a code made from it has been shown; beginning again makes another.
 * @throws GatewayError `wrong_credentials`, `second_factor_state` (there is one already), `too_many_attempts`
 */
export async function beginSecondFactor(
  deps: SecondFactorDeps,
  person: Person,
  { password }: { password: string },
): Promise<SecondFactorBegun> {
  const login = await ownLogin(deps.tenants, person)
  if (login.totpConfirmed) throw alreadyThere()
  await provePassword(deps, person, { login, password })
  const secret = newTotpSecret()
  const sealed = await deps.seal.seal(person.userId, secret)
  const stored = await deps.tenants.transact(ownScope(person), ({ db }) =>
    db
      .updateTable('logins')
      .set({ totp_secret: sealed, totp_step: null })
      .where('id', '=', person.userId)
      .where('totp_confirmed_at', 'is', null)
      .returning('id')
      .executeTakeFirst(),
  )
  if (stored === undefined) throw alreadyThere()
  return totpAddress(secret, login.email)
}

/**
 * The code proves that the authenticator has the secret; from here on every sign-in needs one.
 * @returns the recovery codes, which nobody can show again
 * @throws GatewayError `second_factor_wrong`, `second_factor_state` (none was begun, or it is confirmed), `too_many_attempts`
 */
export async function confirmSecondFactor(
  deps: SecondFactorDeps,
  person: Person,
  { code }: { code: string },
): Promise<SecondFactorConfirmed> {
  const login = await ownLogin(deps.tenants, person)
  if (login.totpConfirmed) throw alreadyThere()
  if (login.totpSecret === null) {
    throw secondFactorState('No second factor has been begun.', 'Begin one first: POST /api/v1/auth/totp/begin')
  }
  const attempt = await deps.limit.enterSignedIn(person.familyId, 'code')
  const step = totpStep(await deps.seal.open(person.userId, login.totpSecret), code.replaceAll(/\s/g, ''), deps.now())
  if (step === null) throw secondFactorWrong()
  await attempt.succeeded()
  const recoveryCodes = newRecoveryCodes()
  const token = await changeLogin(deps, person, {
    login,
    change: {
      totp_confirmed_at: new Date(deps.now()),
      totp_step: step,
      recovery_hashes: recoveryCodes.flatMap(recovery => recoveryHash(person.userId, recovery) ?? []),
    },
    // the code was made from this one: another may have been begun meanwhile, or this one sealed anew
    secretIs: login.totpSecret,
    action: 'auth.totp_enabled',
  })
  return { recoveryCodes, ...token }
}

/**
 * @throws GatewayError `wrong_credentials`, `second_factor_wrong`, `second_factor_state` (there is none), `too_many_attempts`
 */
export async function removeSecondFactor(
  deps: SecondFactorDeps,
  person: Person,
  { password, code }: { password: string; code: string },
): Promise<AccessToken> {
  const login = await ownLogin(deps.tenants, person)
  if (!login.totpConfirmed) throw secondFactorState('This login has no second factor.', 'There is nothing to remove.')
  const { address, familyId } = person
  const proven = await checkPassword(deps, { email: login.email, password, code, address, familyId })
  return changeLogin(deps, person, { login: proven, change: noSecondFactor, action: 'auth.totp_removed' })
}

const alreadyThere = () =>
  secondFactorState('This login has a second factor already.', 'Remove it first: POST /api/v1/auth/totp/remove')
