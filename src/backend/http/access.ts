import type { SessionId } from '../../contract/ids.js'
import type { Actor, KeyScope, Member, Role } from './actor.js'
import {
  invalidServiceToken,
  missingRole,
  missingScope,
  restrictedKey,
  unauthenticated,
  unknownSession,
  wrongKind,
} from './refusals.js'

/** Who may ask a route. */
export type Access = {
  scope: KeyScope
  /** At least this one. */
  role?: Role
  /** Absent: every kind. */
  kinds?: readonly Member['kind'][]
  /**
   * About several sessions at once, and keeps to `Member.sessionIds` by itself. Without it, a key that is restricted to some sessions is
   * refused by every route that names none.
   */
  manySessions?: true
}

const ranks: Record<Role, number> = { member: 0, admin: 1, owner: 2 }

const proofOf: Record<Member['kind'], string> = {
  user: 'an access token',
  key: 'an API key',
  service: 'the service token',
}

export const servicesOnly = ({ kinds }: Access): boolean => kinds?.every(kind => kind === 'service') ?? false

/**
 * @throws GatewayError 401 `unauthenticated` (`invalid_service_token` where only that one is taken) for a visitor, 403 `forbidden` for
 * somebody known who may not
 */
export function requireAccess(access: Access, actor: Actor): Member {
  const { scope, role, kinds } = access
  if (actor.kind === 'visitor') throw servicesOnly(access) ? invalidServiceToken() : unauthenticated()
  if (kinds?.includes(actor.kind) === false) throw wrongKind(kinds.map(kind => proofOf[kind]))
  if (!actor.scopes.has(scope)) throw missingScope(scope)
  if (role !== undefined && ranks[actor.role] < ranks[role]) throw missingRole(role)
  return actor
}

/**
 * Holds a key to its sessions: those that a request names must be among them, and one that names none must be meant for such keys.
 * @throws GatewayError 404 `session_not_found`, 403 `forbidden`
 */
export function requireOwnSessions({ manySessions }: Access, { sessionIds }: Member, named: readonly unknown[]): void {
  if (sessionIds === null) return
  const ids = named.filter(id => id !== undefined)
  if (ids.some(id => typeof id !== 'string' || !sessionIds.has(id.toLowerCase() as SessionId))) throw unknownSession()
  if (ids.length === 0 && manySessions !== true) throw restrictedKey()
}
