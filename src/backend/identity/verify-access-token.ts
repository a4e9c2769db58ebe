import type { Tenants } from '../database/tenant-transaction.js'
import { scopesOf, type Member } from '../http/actor.js'
import type { TokenHolder } from '../http/identify.js'
import type { FindMember } from '../tenancy/members.js'
import type { AccessTokens } from './access-tokens.js'
import { membershipIn } from './memberships.js'
import type { Standing } from './standing.js'

export type VerifyAccessTokenDeps = { accessTokens: AccessTokens; standing: Standing; findMember: FindMember }

/**
 * Whom an access token stands for: signed here, in its time, of a sign-in that goes on, of a member who is not suspended.
 * @returns null when any of it is not so
 */
export async function verifyAccessToken(
  { accessTokens, standing, findMember }: VerifyAccessTokenDeps,
  token: string,
): Promise<TokenHolder | null> {
  const claims = await accessTokens.read(token)
  if (claims === null || !(await standing.holds(claims))) return null
  const { userId, workspaceId, loginVersion, familyId } = claims
  const found = await findMember(workspaceId, userId)
  return found && { userId, workspaceId, role: found.role, loginVersion, familyId }
}

/**
 * Somebody who was let in by an access token, as they are at this moment; for lines that stay open.
 * @returns null when they have signed out, or have no place in the workspace any more
 */
export async function stillSignedIn(
  { standing, tenants }: { standing: Standing; tenants: Pick<Tenants, 'read'> },
  member: Member,
): Promise<Member | null> {
  const { workspaceId, userId, loginVersion, familyId } = member
  if (loginVersion === undefined || familyId === undefined) return null
  if (!(await standing.holdsNow({ workspaceId, userId, loginVersion, familyId }))) return null
  const place = await tenants.read({ workspaceId, userId }, tx => membershipIn(tx, workspaceId, userId))
  if (place === null || place.suspended) return null
  return { ...member, role: place.role, scopes: scopesOf(place.role) }
}
