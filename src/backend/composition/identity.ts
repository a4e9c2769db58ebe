import { createIdentity, type IdentityParts } from '../identity/identity.js'
import { claimRoutes } from '../identity/claims.routes.js'
import { claimLink } from '../identity/link-tokens.js'
import { ownLoginRoutes } from '../identity/own-login.routes.js'
import { firstOwnerLink, ownerIsMissing } from '../identity/owner-link.js'
import { peopleRoutes } from '../identity/people.routes.js'
import { signInRoutes } from '../identity/sign-in.routes.js'
import type { Config } from '../config/config.js'
import type { CookieSettings } from '../http/attempt-cookie.js'
import type { Route } from '../http/route.js'
import type { Log } from '../log.js'
import type { FindMember } from '../tenancy/members.js'
import type { Operator } from '../tenancy/operator.js'
import type { Foundation } from './foundation.js'

export type IdentityDoorDeps = {
  config: Config
  foundation: Foundation
  operator: () => Operator
  findMember: FindMember
  cookies: CookieSettings
  log: Log
}

/** People and their proofs, with the routes for both. */
export type IdentityDoor = { identity: IdentityParts; routes: Route[] }

export function createIdentityDoor(deps: IdentityDoorDeps): IdentityDoor {
  const { config, foundation, operator, findMember, cookies, log } = deps
  const { database, tenants, vault, wakeups } = foundation
  const { jwtSecret, sessionSecret, publicUrl } = config
  const identity = createIdentity({
    database,
    tenants,
    vault,
    wakeups,
    findMember,
    operator,
    jwtSecret,
    sessionSecret,
    publicUrl,
    log: log.child('identity'),
  })
  // without a public address the host was checked to be this machine, or is whatever the caller reached it by
  const addressFor = (host: string | undefined) => publicUrl ?? `http://${host ?? `localhost:${config.port}`}`
  return {
    identity,
    routes: [
      ...signInRoutes({ identity, cookies }),
      ...ownLoginRoutes({ identity }),
      ...claimRoutes({ identity, cookies }),
      ...peopleRoutes({ identity, addressFor }),
    ],
  }
}

/**
 * What the operator has to be told of the first owner once the door is open. The link itself goes to standard output and never into the log.
 * @param isSeen whether somebody looks at standard output; where it is collected, no link is made
 * @returns null: nothing to print
 */
export async function firstOwnerNotice(
  identity: IdentityParts,
  { base, isSeen, log }: { base: string; isSeen: boolean; log: Log },
): Promise<string | null> {
  const made = isSeen ? await firstOwnerLink(identity) : null
  if (made !== null) return claimLink(base, made.token)
  if (await ownerIsMissing(identity)) log.info('owner_missing', { hint: 'npx whizlite owner-link' })
  return null
}
