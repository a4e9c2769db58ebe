import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { audit } from '../audit/audit.js'
import { forgetAttempt } from '../linking/attempts-store.js'
import { endUnfinishedLink } from '../linking/end-unfinished-link.js'
import { unknownSession } from '../http/refusals.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import { requireOwner } from '../sessions/session-owner.js'
import { sessionState } from '../sessions/sessions-store.js'
import { awaitState } from './await-state.js'
import { cannotLeave } from './command-errors.js'
import type { CommandDeps, CommandScope } from './command-scope.js'
import { lockSession, type LockedSession } from './locked-session.js'
import { beginLogOut } from './log-out-session.js'
import { putAway } from './put-away.js'

/**
 * Deletes a session: nobody is told of it from then on, its device is taken off the account if that can be done, and its credentials go into
 * quarantine, after which they are destroyed. Where WhatsApp cannot be reached, `finish-deletions.ts` gives the log-out up after a while.
 * @returns its state after some seconds of waiting for the log-out
 * @throws GatewayError `session_not_found`, not for one that was deleted before; `forbidden`
 */
export async function deleteSession(
  deps: CommandDeps,
  scope: CommandScope,
  sessionId: SessionId,
): Promise<SessionState> {
  const deletion = await deps.tenants.transact(scope, async tx => {
    const session = await lockSession(tx, sessionId)
    if (session === null) throw unknownSession()
    requireOwner(tx.scope, session)
    if (session.deleted) return { leaves: false, identity: null }
    await audit(tx, { action: 'session.delete', target: sessionId })
    return begin(deps, tx, session)
  })
  if (deletion.identity !== null) deps.sessions.resume(deletion.identity, 'owner_waits')
  if (deletion.leaves) return awaitState(deps, scope, sessionId, ['logged_out', 'banned'])
  return deps.tenants.read(scope, tx => sessionState(tx, sessionId))
}

async function begin(
  deps: CommandDeps,
  tx: TenantTransactor,
  session: LockedSession,
): Promise<{ leaves: boolean; identity: SessionIdentity | null }> {
  const { sessionId } = session
  const { events } = deps
  await tx.db
    .updateTable('sessions')
    .set({ deleted_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', sessionId)
    .execute()
  const leaves = cannotLeave(session) === null
  const identity = leaves ? await beginLogOut(deps, tx, session) : null
  if (!leaves) {
    await endUnfinishedLink(events, tx, sessionId, { phase: 'cancelled', reason: 'cancelled_late' })
    await putAway(events, tx, session)
  }
  // a page that follows the link is told of its end; nothing is left to show
  await forgetAttempt(tx, sessionId)
  return { leaves, identity }
}
