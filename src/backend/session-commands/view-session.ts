import type { SessionId } from '../../contract/ids.js'
import type { LinkAttemptView } from '../../contract/linking.js'
import { LinkUnderWay, type SessionDetails, type SessionHistoryQuery } from '../../contract/session-commands.js'
import type { SessionHistory, SessionView } from '../../contract/session-view.js'
import { prepareStatement } from '../database/prepared-statement.js'
import { hasEnded } from '../linking/link-phase.js'
import type { ServiceAttempt } from '../linking/service-links.js'
import { unknownSession } from '../http/refusals.js'
import { readNames } from '../sessions/session-name.js'
import { readSession, sessionColumns, sessionHistory, sessionView } from '../sessions/session-view.js'
import type { CommandDeps, CommandScope, ReadingDeps } from './command-scope.js'
import { hasLinkUnderWay } from './link-under-way.js'

const historyPage = 50

const seenSession = prepareStatement((db, { sessionId }: { sessionId: string }) =>
  db
    .selectFrom('sessions')
    .select([...sessionColumns, 'name'])
    .select(hasLinkUnderWay(sessionId))
    .where('id', '=', sessionId)
    .where('deleted_at', 'is', null),
)

/** Nearly always there is a session and no link under way, and one look tells both. @returns null: another look has to be taken */
async function viewSettled(
  { tenants, names }: ReadingDeps,
  scope: CommandScope,
  sessionId: SessionId,
): Promise<SessionDetails | null> {
  const [[row]] = await tenants.readAtOnce(scope, seenSession({ sessionId }))
  if (row === undefined || row.linking) return null
  const name = names.of(scope.workspaceId, row)
  return name === undefined ? null : { ...sessionView(row), name }
}

/**
 * A session, or the link of this member under this id, with what it shows at the moment.
 * @throws GatewayError `session_not_found`
 */
export async function viewSession(
  deps: ReadingDeps,
  scope: CommandScope,
  sessionId: SessionId,
): Promise<SessionDetails> {
  const settled = await viewSettled(deps, scope, sessionId)
  if (settled !== null) return settled
  const { tenants, vault, links } = deps
  // the link before the session: the other way round, one that becomes a session meanwhile would be neither
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
