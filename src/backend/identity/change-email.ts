import { sql } from 'kysely'
import type { AccessToken } from '../../contract/identity.js'
import { DatabaseRefusedError } from '../database/database-errors.js'
import { changeLogin } from './change-login.js'
import { tryPassword, type ChangePasswordDeps } from './change-password.js'
import { emailTaken } from './errors.js'
import { ownLogin, type Person } from './own-login.js'

/** What PostgreSQL says when another row has the key. */
const keyTaken = '23505'

/**
 * The e-mail that one signs in with, also as one's workspaces know it. Nothing is sent to it: whoever mistypes it needs the operator's help.
 * @throws GatewayError `wrong_credentials`, `email_taken`, `too_many_attempts`
 */
export async function changeEmail(
  deps: ChangePasswordDeps,
  person: Person,
  { email, password }: { email: string; password: string },
): Promise<AccessToken> {
  const login = await ownLogin(deps.tenants, person)
  // which e-mails are taken is not to be found out by trying many
  const attempt = await tryPassword(deps, person, { login, password })
  try {
    const answer = await changeLogin(deps, person, {
      login,
      change: { email },
      action: 'auth.email_changed',
      also: async ({ db }) => void (await sql`select spread_login_email()`.execute(db)),
    })
    await attempt.succeeded()
    await deps.limit.beginAnew(email, person.address)
    return answer
  } catch (error) {
    if (error instanceof DatabaseRefusedError && error.sqlState === keyTaken) throw emailTaken()
    throw error
  }
}
