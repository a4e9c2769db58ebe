import type { SessionId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import { requireSession, type CommandDeps, type CommandScope } from './command-scope.js'
import { notOurs, shredded, stillRestricted } from './command-errors.js'
import { restoreFromQuarantine } from '../sessions/quarantine.js'
import { isRestricted, type LockedSession } from './locked-session.js'
import { connectAnew, takeUp } from './take-up.js'
import { withdrawEarlier } from './withdraw.js'

const asked = { reason: 'asked_to_connect', mode: 'managed' } as const

/**
 * Has a session connect and stay connected. One that is connected, or about to be, goes on as it is.
 * @throws GatewayError `session_not_found`, `session_state`
 */
export async function connectSession(deps: CommandDeps, scope: CommandScope, sessionId: SessionId): Promise<void> {
  return connect(deps, scope, {
    sessionId,
    action: 'session.connect',
    isAnew: session => session.state === 'disconnected',
  })
}

/**
 * The same also for a session that is connected, or waits for its next try: it lets go of its socket and makes a new one now.
 * @throws as `connectSession`
 */
export async function reconnectSession(deps: CommandDeps, scope: CommandScope, sessionId: SessionId): Promise<void> {
  return connect(deps, scope, {
    sessionId,
    action: 'session.reconnect',
    isAnew: session => session.state !== 'connecting',
  })
}

type Connect = {
  sessionId: SessionId
  action: 'session.connect' | 'session.reconnect'
  /** Whether a session that some node runs is to make a new connection. */
  isAnew: (session: LockedSession) => boolean
}

async function connect(deps: CommandDeps, scope: CommandScope, { sessionId, action, isAnew }: Connect): Promise<void> {
  const identity = await deps.tenants.transact(scope, async tx => {
    const session = await requireSession(tx, sessionId)
    requireConnectable(session)
    await audit(tx, { action, target: sessionId })
    await withdrawEarlier(tx, sessionId)
    if (session.quarantined && (await restoreFromQuarantine(tx, sessionId)) === 'shredded') throw shredded()
    if (!session.runs) return takeUp(deps, tx, session, asked)
    // one that was about to leave has perhaps closed its socket
    if (isAnew(session) || session.handOffAsked) await connectAnew(deps, tx, session, asked)
    return null
  })
  if (identity !== null) deps.sessions.resume(identity, 'owner_waits')
}

/** Out of quarantine comes what has expired, and what WhatsApp may have thought better of. */
function mayComeBack({ state, reason }: LockedSession): boolean {
  return state === 'expired' || reason === 'locked' || reason === 'banned'
}

function requireConnectable(session: LockedSession): void {
  const refusal = notOurs(session)
  if (refusal !== null && !mayComeBack(session)) throw refusal
  if (isRestricted(session)) throw stillRestricted(session.until)
}
