import type { AccessToken } from '../../contract/identity.js'
import { audit, type Audited } from '../audit/audit.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { AccessTokens } from './access-tokens.js'
import { wrongCredentials } from './errors.js'
import { revokeFamilies } from './families-store.js'
import { raiseVersion, type Login, type LoginChange } from './logins-store.js'
import { ownScope, type Person } from './own-login.js'
import { wakeLogin } from './wake-login.js'

export type ChangeLoginDeps = { tenants: Tenants; accessTokens: AccessTokens }

/**
 * Changes what a login is proven by. Every other sign-in ends, and every access token; the sign-in that asks goes on with a new one.
 * @throws GatewayError `wrong_credentials` when the login was changed meanwhile
 */
export async function changeLogin(
  { tenants, accessTokens }: ChangeLoginDeps,
  person: Person,
  {
    login,
    change,
    action,
    secretIs,
    also,
  }: {
    login: Login
    change: LoginChange
    action: Audited['action']
    secretIs?: Buffer
    also?: (tx: TenantTransactor) => Promise<void>
  },
): Promise<AccessToken> {
  const { userId, familyId, workspaceId } = person
  const loginVersion = await tenants.transact(ownScope(person), async tx => {
    const version = await raiseVersion(tx, login, change, secretIs)
    if (version === null) throw wrongCredentials()
    await revokeFamilies(tx, { userId, reason: 'login_changed', except: familyId })
    await also?.(tx)
    await audit(tx, { action })
    await wakeLogin(tx, userId)
    return version
  })
  const { token, expiresIn } = await accessTokens.issue({ userId, workspaceId, loginVersion, familyId })
  return { accessToken: token, tokenType: 'Bearer', expiresIn }
}
