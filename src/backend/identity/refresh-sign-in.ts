import { UserId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Database } from '../database/database.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { Log } from '../log.js'
import { handOut, type Begun, type HandOutDeps, type Opened } from './begin-sign-in.js'
import { refreshRefused } from './errors.js'
import {
  familyOf,
  lockFamily,
  loginByRefreshToken,
  revokeFamilies,
  rotate,
  standingFamily,
  usedAgo,
} from './families-store.js'
import { findLogin } from './logins-store.js'
import { membershipIn } from './memberships.js'
import type { FamilyOf, RefreshToken } from './refresh-tokens.js'
import { wakeLogin } from './wake-login.js'

export type RefreshDeps = HandOutDeps & {
  database: Pick<Database, 'system'>
  tenants: Tenants
  log: Log
}

/** So long the token before the newest is answered as the newest was: two tabs ask at once, and answers get lost. */
const graceSeconds = 10

/**
 * Gives a refresh token for the next one, with a new access token. One that was used before ends the whole sign-in, on all nodes at once:
 * two have it, and one of them has stolen it.
 * @throws GatewayError `refresh_refused`
 */
export async function refreshSignIn(
  deps: RefreshDeps,
  { token, address }: { token: RefreshToken | null; address: string },
): Promise<Begun> {
  const { database, tenants, log } = deps
  if (token === null) throw refreshRefused()
  const login = await loginByRefreshToken(database, token)
  if (login === null) {
    await endForgotten(deps, token, address)
    throw refreshRefused()
  }
  const userId = UserId.parse(login)
  const family = await tenants.asLogin(userId, tx => familyOf(tx, token))
  if (family === null || family.isOver) throw refreshRefused()
  const { workspaceId, familyId } = family
  const scope = { workspaceId, userId, by: { kind: 'user', address } } as const
  const outcome = await tenants.transact(scope, tx => follow(deps, tx, { userId, familyId, token }))
  if (outcome === 'reused') log.warn('refresh_token_reused', { workspaceId })
  if (outcome === 'over' || outcome === 'reused') throw refreshRefused()
  return handOut(deps, outcome)
}

async function follow(
  { refreshTokens }: RefreshDeps,
  tx: TenantTransactor,
  { userId, familyId, token }: { userId: UserId; familyId: string; token: RefreshToken },
): Promise<Opened | 'over' | 'reused'> {
  const { workspaceId } = tx.scope
  if (!(await lockFamily(tx, familyId))) return 'over'
  const ago = await usedAgo(tx, token)
  if (ago === undefined) return 'over'
  const next = refreshTokens.next(token)
  // that the next one is still the newest says that this one is the very last before it
  const again = ago !== null && ago <= graceSeconds && (await usedAgo(tx, next)) === null
  if (ago !== null && !again) {
    await endReused(tx, { userId, familyId })
    return 'reused'
  }
  const place = await membershipIn(tx, workspaceId, userId)
  const login = await findLogin(tx, userId)
  if (place === null || place.suspended || login === null) return 'over'
  if (!again) await rotate(tx, { userId, familyId, from: token, to: next })
  return { userId, workspaceId, role: place.role, loginVersion: login.version, familyId, refreshToken: next }
}

/** A token so old that its hash is gone was used long ago: who shows it ends the sign-in of which it says, and proves, that it is. */
async function endForgotten(
  { tenants, refreshTokens, log }: RefreshDeps,
  token: RefreshToken,
  address: string,
): Promise<void> {
  const family = refreshTokens.familyOf(token)
  if (family === null) return
  const { userId, familyId } = family
  const workspaceId = await tenants.asLogin(userId, tx => standingFamily(tx, familyId))
  if (workspaceId === null) return
  await tenants.transact({ workspaceId, userId, by: { kind: 'user', address } }, tx => endReused(tx, family))
  log.warn('refresh_token_reused', { workspaceId })
}

async function endReused(tx: TenantTransactor, { userId, familyId }: FamilyOf): Promise<void> {
  await revokeFamilies(tx, { userId, reason: 'reused', only: familyId })
  await audit(tx, { action: 'auth.refresh_reused', result: 'refused' })
  await wakeLogin(tx, userId)
}
