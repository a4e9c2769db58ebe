import type { SessionId } from '../../contract/ids.js'
import type { LinkAttemptView } from '../../contract/linking.js'
import { LinkUnderWay, type SessionDetails, type SessionHistoryQuery } from '../../contract/session-commands.js'
import type { SessionHistory, SessionView } from '../../contract/session-view.js'
import { hasEnded } from '../linking/link-phase.js'
import type { ServiceAttempt } from '../linking/service-links.js'
import { unknownSession } from '../http/refusals.js'
import { readNames } from '../sessions/session-name.js'
import { readSession, sessionHistory } from '../sessions/session-view.js'
import type { CommandDeps, CommandScope } from './command-scope.js'

const historyPage = 50

/**
 * A session, or the link of this member under this id, with what it shows at the moment.
 * @throws GatewayError `session_not_found`
 */
export async function viewSession(
  { tenants, vault, links }: CommandDeps,
  scope: CommandScope,
  sessionId: SessionId,
): Promise<SessionDetails> {
  const attempt = await links.find(scope, sessionId)
  const found = await tenants.read(scope, async tx => {
    const session = await readSession(tx, sessionId)
    return session && { session, name: (await readNames(tx, vault, [sessionId])).get(sessionId) ?? null }
  })
  if (found !== null) return { ...found.session, name: found.name, ...(attempt && linkOf(attempt.view)) }
  if (attempt === null) throw unknownSession()
  return detailsOfAttempt(attempt)
}

/** What a session was and why, newest first. @throws GatewayError `session_not_found` */
export async function viewHistory(
  { tenants }: CommandDeps,
  scope: CommandScope,
  { sessionId, limit = historyPage, before }: { sessionId: SessionId } & SessionHistoryQuery,
): Promise<SessionHistory> {
  return tenants.read(scope, async tx => {
    if ((await readSession(tx, sessionId)) === null) throw unknownSession()
    return sessionHistory(tx, sessionId, { limit, before })
  })
}

/** An attempt in the form of the session that it is to become. */
export function detailsOfAttempt({ view, name, ownerId }: ServiceAttempt): SessionDetails {
  const { sessionId, status, state, reason, since, mode } = view
  const nothingKnown: Pick<SessionView, 'lastConnectedAt' | 'phoneSeenAt' | 'notices' | 'health'> = {
    lastConnectedAt: null,
    phoneSeenAt: null,
    notices: [],
    health: { appState: 'unknown', history: 'unknown', preKeys: 'unknown', inbound: 'unknown' },
  }
  const whose = { ownerId, visibility: 'private' } as const
  return {
    sessionId,
    status,
    state,
    reason,
    since,
    mode,
    phoneNumber: null,
    name,
    ...whose,
    ...nothingKnown,
    ...linkOf(view),
  }
}

function linkOf(attempt: LinkAttemptView): Pick<SessionDetails, 'link'> {
  return hasEnded(attempt.phase) ? {} : { link: LinkUnderWay.strip().parse(attempt) }
}
