import { scopesOf, type Member, type Role } from '../http/actor.js'

/**
 * Somebody who was let in, as they are at this moment: role, scopes and sessions may have changed. `null`: signed out, the key revoked or
 * expired or not allowed from this address, the member suspended or removed.
 * @throws whatever the database says when nobody can know
 */
export type StillStands = (member: Member) => Promise<Member | null>

export type StillStandsDeps = {
  /** A member who is not suspended. */
  findMember: (workspaceId: Member['workspaceId'], userId: Member['userId']) => Promise<{ role: Role } | null>
  /** Absent: nobody has got in that way. */
  ofUser?: StillStands
  ofKey?: StillStands
}

/** One question for all kinds of members. */
export function createStillStands({ findMember, ofUser, ofKey }: StillStandsDeps): StillStands {
  return async member => {
    if (member.kind === 'user') return (await ofUser?.(member)) ?? null
    if (member.kind === 'key') return (await ofKey?.(member)) ?? null
    const found = await findMember(member.workspaceId, member.userId)
    return found && { ...member, role: found.role, scopes: scopesOf('owner') }
  }
}
