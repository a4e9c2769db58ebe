import { SessionId } from '../../contract/ids.js'
import type { ListSessionsQuery, SessionDetails, SessionList } from '../../contract/session-commands.js'
import { GatewayError } from '../errors.js'
import { readNames } from '../sessions/session-name.js'
import { listSessions as readPage } from '../sessions/session-view.js'
import type { CommandDeps, CommandScope } from './command-scope.js'
import { detailsOfAttempt } from './view-session.js'

const usualLimit = 50

/** `only`: those and no others; null: all that the scope sees. */
export type SessionsWanted = ListSessionsQuery & { only: ReadonlySet<SessionId> | null }

/**
 * A page of the scope's sessions, and of the links that services have under way, in an order that stays while states change.
 * @throws GatewayError `validation_failed` for a cursor that was never given out
 */
export async function listSessions(
  { tenants, vault, links }: CommandDeps,
  scope: CommandScope,
  { limit = usualLimit, cursor, state: states, only }: SessionsWanted,
): Promise<SessionList> {
  const after = cursor === undefined ? undefined : readCursor(cursor)
  const sessions = await tenants.read(scope, async tx => {
    const views = await readPage(tx, { limit: limit + 1, after, states, only })
    const ids = views.map(({ sessionId }) => sessionId)
    const names = await readNames(tx, vault, ids)
    return views.map(view => ({ ...view, name: names.get(view.sessionId) ?? null }))
  })
  const withLinks = states === undefined || states.includes('linking')
  const attempts = withLinks
    ? (await links.list(scope, { after: after ?? null, limit: limit + 1, only })).map(detailsOfAttempt)
    : []
  // a link that became a session between the two looks is in both
  const known = new Set(sessions.map(({ sessionId }) => sessionId))
  const all: SessionDetails[] = [...sessions, ...attempts.filter(({ sessionId }) => !known.has(sessionId))]
  const shown = all.toSorted((a, b) => (a.sessionId < b.sessionId ? -1 : 1)).slice(0, limit)
  return { sessions: shown, next: all.length > limit ? (shown.at(-1)?.sessionId ?? null) : null }
}

function readCursor(cursor: string): SessionId {
  const read = SessionId.safeParse(cursor)
  if (read.success) return read.data
  throw new GatewayError({
    code: 'validation_failed',
    status: 400,
    message: 'The cursor was not given out by this server.',
    action: 'Use "next" of the page before, or begin without a cursor.',
    fields: [{ path: 'cursor', message: 'is no cursor' }],
  })
}
