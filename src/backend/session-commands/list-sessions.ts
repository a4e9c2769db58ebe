import { sql } from 'kysely'
import { SessionId } from '../../contract/ids.js'
import type { ListSessionsQuery, SessionDetails, SessionList } from '../../contract/session-commands.js'
import { prepareStatement } from '../database/prepared-statement.js'
import type { TenantSchema } from '../database/schema.js'
import type { ReadQueries } from '../database/transaction-queries.js'
import { GatewayError } from '../errors.js'
import { stagedPhases } from '../linking/link-phase.js'
import '../linking/link-tables.js'
import { readNames } from '../sessions/session-name.js'
import { listSessions as readPage, sessionColumns, sessionView } from '../sessions/session-view.js'
import type { CommandScope, ReadingDeps } from './command-scope.js'
import { detailsOfAttempt } from './view-session.js'

const usualLimit = 50

const page = (db: ReadQueries<TenantSchema>, limit: string) =>
  db
    .selectFrom('sessions')
    .select([...sessionColumns, 'name'])
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .limit(sql<number>`${limit}::bigint`)

const firstPage = prepareStatement((db, { limit }: { limit: string }) => page(db, limit))

const nextPage = prepareStatement((db, { after, limit }: { after: string; limit: string }) =>
  page(db, limit).where('id', '>', after),
)

const anyLink = prepareStatement(db =>
  db
    .selectFrom('link_attempts')
    .select('session_id')
    .where('started_by', '=', 'service')
    .where('phase', 'in', [...stagedPhases])
    .limit(1),
)

/** A page of all sessions while no link is under way, which one message tells. @returns null: another look has to be taken */
async function settledPage(
  { tenants, names }: ReadingDeps,
  scope: CommandScope,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<SessionList | null> {
  const upTo = { limit: String(limit + 1) }
  const wanted = after === undefined ? firstPage(upTo) : nextPage({ ...upTo, after })
  // the links first: the other way round, one that becomes a session meanwhile would be in neither
  const [links, rows] = await tenants.readAtOnce(scope, anyLink({}), wanted)
  if (links.length > 0) return null
  const sessions: SessionDetails[] = []
  for (const row of rows.slice(0, limit)) {
    const name = names.of(scope.workspaceId, row)
    if (name === undefined) return null
    sessions.push({ ...sessionView(row), name })
  }
  return { sessions, next: rows.length > limit ? (sessions.at(-1)?.sessionId ?? null) : null }
}

/** `only`: those and no others; null: all that the scope sees. */
export type SessionsWanted = ListSessionsQuery & { only: ReadonlySet<SessionId> | null }

/**
 * A page of the scope's sessions, and of the links that services have under way, in an order that stays while states change.
 * @throws GatewayError `validation_failed` for a cursor that was never given out
 */
export async function listSessions(
  deps: ReadingDeps,
  scope: CommandScope,
  { limit = usualLimit, cursor, state: states, only }: SessionsWanted,
): Promise<SessionList> {
  const after = cursor === undefined ? undefined : readCursor(cursor)
  if (states === undefined && only === null) {
    const settled = await settledPage(deps, scope, { limit, after })
    if (settled !== null) return settled
  }
  const { tenants, vault, links } = deps
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
