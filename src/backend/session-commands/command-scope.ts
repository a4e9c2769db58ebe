import type { SessionId } from '../../contract/ids.js'
import type { Tenants, TenantScope, TenantTransactor } from '../database/tenant-transaction.js'
import type { Engine } from '../engine/engine.js'
import type { EventLog } from '../events/event-log.js'
import type { DeliverySettings } from '../linking/delivery.js'
import type { ServiceLinks } from '../linking/service-links.js'
import { unknownSession } from '../http/refusals.js'
import type { Log } from '../log.js'
import type { KnownNames } from '../sessions/session-name.js'
import { requireOwner } from '../sessions/session-owner.js'
import type { Sessions } from '../sessions/sessions.js'
import type { Vault } from '../vault/vault.js'
import { lockSession, type LockedSession } from './locked-session.js'

/** On whose behalf a command is given: only the sessions of this scope exist for it. */
export type CommandScope = TenantScope

export type CommandDeps = {
  tenants: Tenants
  events: EventLog
  vault: Vault
  engine: Engine
  sessions: Pick<Sessions, 'resume'>
  links: ServiceLinks
  settings: DeliverySettings
  nodeId: string
  /** Whether this node may begin to run sessions: not one that is about to stop. */
  takesSessions: () => boolean
  log: Log
}

export type ReadingDeps = CommandDeps & { names: KnownNames }

/** Locks a session for a command. @throws GatewayError `session_not_found`, for a deleted one too */
export async function requireSession(tx: TenantTransactor, sessionId: SessionId): Promise<LockedSession> {
  const session = await lockSession(tx, sessionId)
  if (session === null || session.deleted) throw unknownSession()
  return session
}

/** The same for what only its owner may do. @throws GatewayError `session_not_found`, `forbidden` for a member who merely sees it */
export async function requireOwnSession(tx: TenantTransactor, sessionId: SessionId): Promise<LockedSession> {
  const session = await requireSession(tx, sessionId)
  requireOwner(tx.scope, session)
  return session
}
