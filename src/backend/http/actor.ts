import type { KeyScope, Role } from '../../contract/access.js'
import type { SessionId, UserId, WorkspaceId } from '../../contract/ids.js'
import type { TenantScope } from '../database/tenant-transaction.js'
import type { VisitorToken } from './attempt-cookie.js'
import { unauthenticated } from './refusals.js'

export type { KeyScope, Role }

/** Anybody: a browser on the public page, with the cookie of its attempt if it has one. */
export type Visitor = { kind: 'visitor'; token: VisitorToken | null; address: string }

/** Somebody known: a person with an access token, an API key of theirs, or a service with the service token. */
export type Member = {
  kind: 'user' | 'key' | 'service'
  workspaceId: WorkspaceId
  /** For whom is asked: of a service, whom X-User-Id names, else the operator's default user. */
  userId: UserId
  role: Role
  /** A user has all that the role allows, a key at most that, the service token all. */
  scopes: ReadonlySet<KeyScope>
  /** `null`: not restricted, as only a key can be. */
  sessionIds: ReadonlySet<SessionId> | null
  address: string
  keyId?: string
  loginVersion?: number
  familyId?: string
  /** Of the request that asks. */
  requestId?: string
}

/** Who is asking. */
export type Actor = Visitor | Member

const ofMembers: ReadonlySet<KeyScope> = new Set<KeyScope>(['read', 'send', 'sessions'])
const ofManagers: ReadonlySet<KeyScope> = new Set<KeyScope>([...ofMembers, 'settings', 'admin'])

/** All that a role allows. */
export const scopesOf = (role: Role): ReadonlySet<KeyScope> => (role === 'member' ? ofMembers : ofManagers)

/** @throws GatewayError `unauthenticated` for a visitor */
export function member(actor: Actor): Member {
  if (actor.kind === 'visitor') throw unauthenticated()
  return actor
}

/** Whose rows a request sees: what the proof says, and nothing that the request says beside it. @throws as `member` */
export function scopeOf(actor: Actor): TenantScope {
  const { workspaceId, userId, kind, keyId, address, requestId } = member(actor)
  return {
    workspaceId,
    userId,
    by: { kind, address, ...(keyId !== undefined && { keyId }), ...(requestId !== undefined && { requestId }) },
  }
}

/** The cookie of a browser; whoever else asks has none, whatever they send. */
export const visitorToken = (actor: Actor): VisitorToken | null => (actor.kind === 'visitor' ? actor.token : null)
