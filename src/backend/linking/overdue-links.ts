import { sql } from 'kysely'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import { assertFence } from '../leases/fence.js'
import { endLease } from '../leases/session-leases.js'
import { errorCode, type Log } from '../log.js'
import type { Sessions } from '../sessions/sessions.js'
import { setSessionState } from '../sessions/set-session-state.js'
import { endUnfinishedLink } from './end-unfinished-link.js'
import { storeCompletion } from './finish-link.js'

/** Longer than the minute that a running delivery ends by itself, and than any preparing on a line that is up. */
const overdueAfterSeconds = { delivering: 75, preparing: 120 }

export type OverdueLinksDeps = {
  tenants: Tenants
  events: EventLog
  sessions: Pick<Sessions, 'rest'>
  nodeId: string
  /** Any workspace, to ask for all of them. */
  workspaceId: () => WorkspaceId
  log: Log
}

/**
 * Ends links of this node whose session was promoted and does not come up again, after a crash or a lost line: its visitor is told what is
 * known. A link whose messages were on their way is complete as far as WhatsApp has confirmed; one that never had a session ID has failed.
 */
export async function endOverdueLinks(deps: OverdueLinksDeps): Promise<void> {
  const { log } = deps
  try {
    for (const link of await overdue(deps)) await end(deps, link)
  } catch (error) {
    log.warn('overdue_links_not_ended', { code: errorCode(error) })
  }
}

type OverdueLink = { workspace: WorkspaceId; session: SessionId }

/** Of all workspaces: the definer function looks past whose links they are, and returns ids. */
async function overdue({ tenants, nodeId, workspaceId }: OverdueLinksDeps): Promise<OverdueLink[]> {
  const { preparing, delivering } = overdueAfterSeconds
  const found = await tenants.read({ workspaceId: workspaceId() }, ({ db }) =>
    sql<OverdueLink>`select workspace, session from overdue_links(${nodeId}, ${preparing}, ${delivering})`.execute(db),
  )
  return found.rows
}

async function read(tenants: Tenants, { workspace, session }: OverdueLink) {
  return tenants.read({ workspaceId: workspace }, tx =>
    tx.db
      .selectFrom('link_attempts')
      .innerJoin('session_leases', 'session_leases.session_id', 'link_attempts.session_id')
      .select(['phase', 'mode', 'method', 'reason', 'epoch'])
      .where('link_attempts.session_id', '=', session)
      .where('phase', 'in', ['preparing', 'delivering'])
      .executeTakeFirst(),
  )
}

async function end({ tenants, events, sessions, nodeId, log }: OverdueLinksDeps, overdueLink: OverdueLink) {
  const { workspace: workspaceId, session: sessionId } = overdueLink
  const link = await read(tenants, overdueLink)
  if (link === undefined) return
  log.info('overdue_link_ended', { sessionId, code: link.phase })
  if (link.phase === 'preparing' || link.mode === 'handed_off') await sessions.rest(sessionId)
  await tenants.transact({ workspaceId }, async tx => {
    await assertFence(tx, sessionId, { nodeId, epoch: BigInt(link.epoch) })
    if (link.phase === 'delivering') return storeCompletion(events, tx, sessionId, link)
    if (!(await endUnfinishedLink(events, tx, sessionId, { phase: 'failed', reason: 'connection_lost' }))) return
    await endLease(tx, sessionId)
    await setSessionState(events, tx, sessionId, { state: 'disconnected', reason: 'connection_lost' })
  })
}
