import type { SessionId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import { revokeLease } from '../leases/session-leases.js'
import { endUnfinishedLink } from '../linking/end-unfinished-link.js'
import { setSessionState } from '../sessions/set-session-state.js'
import { requireSession, type CommandDeps, type CommandScope } from './command-scope.js'
import { isRestricted } from './locked-session.js'
import { withdrawEarlier } from './withdraw.js'

/**
 * Closes a session and keeps its credentials: nothing connects it, also after a restart, until somebody asks for it. One that no node runs
 * stays what it is.
 * @throws GatewayError `session_not_found`
 */
export async function disconnectSession(
  { tenants, events }: CommandDeps,
  scope: CommandScope,
  sessionId: SessionId,
): Promise<void> {
  await tenants.transact(scope, async tx => {
    const session = await requireSession(tx, sessionId)
    await audit(tx, { action: 'session.disconnect', target: sessionId })
    await withdrawEarlier(tx, sessionId)
    if (!session.runs) return
    await revokeLease(tx, sessionId)
    await endUnfinishedLink(events, tx, sessionId, { phase: 'cancelled', reason: 'stopped_early' })
    // who closes a session that WhatsApp has restricted does not thereby end the restriction
    const why = isRestricted(session) ? { reason: 'restricted', until: session.until } : { reason: 'stopped' }
    await setSessionState(events, tx, sessionId, { state: 'disconnected', ...why })
    await events.wake(tx, session.nodeId)
  })
}
