import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import type { Member } from '../http/actor.js'
import type { TokenHolder } from '../http/identify.js'
import type { Log } from '../log.js'
import type { FindMember } from '../tenancy/members.js'
import type { Operator } from '../tenancy/operator.js'
import type { Vault } from '../vault/vault.js'
import { createAccessTokens } from './access-tokens.js'
import { createPasswords, type Passwords } from './passwords.js'
import { createRefreshTokens } from './refresh-tokens.js'
import { createSignInLimit } from './sign-in-limit.js'
import { createStanding, type Standing } from './standing.js'
import { createTotpSeal } from './totp-seal.js'
import { stillSignedIn, verifyAccessToken } from './verify-access-token.js'

export type IdentityDeps = {
  database: Database
  tenants: Tenants
  vault: Vault
  wakeups: Pick<EventWakeups, 'subscribe'>
  findMember: FindMember
  operator: () => Operator
  /** Signs access tokens; the same on all nodes. */
  jwtSecret: Uint8Array
  /** The deployment secret. */
  sessionSecret: Uint8Array
  publicUrl: string | null
  log: Log
  passwords?: Passwords
  /** Milliseconds since 1970. */
  now?: () => number
}

/** What the use-cases of this folder ask of each other and of the rest. */
export type IdentityParts = ReturnType<typeof createIdentity>

/** People: who they are, how they prove it, and where they belong. */
export function createIdentity(given: IdentityDeps) {
  const { database, tenants, vault, wakeups, findMember, operator, jwtSecret, sessionSecret, publicUrl, log } = given
  const { passwords = createPasswords(), now = Date.now } = given
  const accessTokens = createAccessTokens({ secret: jwtSecret, publicUrl, now })
  const standing: Standing = createStanding({ tenants, wakeups })
  return {
    database,
    tenants,
    operator,
    log,
    now,
    passwords,
    accessTokens,
    standing,
    refreshTokens: createRefreshTokens({ secret: jwtSecret }),
    limit: createSignInLimit({ database, secret: sessionSecret }),
    seal: createTotpSeal({ tenants, vault, workspaceId: () => operator().workspaceId }),
    verifyAccessToken: (token: string): Promise<TokenHolder | null> =>
      verifyAccessToken({ accessTokens, standing, findMember }, token),
    stillSignedIn: (member: Member): Promise<Member | null> => stillSignedIn({ standing, tenants }, member),
  }
}
