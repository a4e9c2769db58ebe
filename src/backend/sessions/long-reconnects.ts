import { sql } from 'kysely'
import { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import type { Log } from '../log.js'
import { repeatedLook, type RepeatedLook } from './repeated-look.js'
import { tellOwner } from './session-notices.js'
import { setSessionState } from './set-session-state.js'

/** Of one look: what is left is found by the next one. */
const atOnce = 100

export type LongReconnectsDeps = {
  database: Database
  tenants: Tenants
  events: Pick<EventLog, 'append'>
  /** How long a session may be connecting or reconnecting before it is shown as disconnected. */
  afterMs: number
  log: Log
  everyMs?: number
}

/**
 * Shows sessions that have been reconnecting, or connecting, for long as disconnected, and tells their owners; they are tried on all the same, and show
 * `connected` by themselves. When it began stands in the database, so neither a restart nor a change of node begins the time anew. Every
 * node looks; whichever comes first does it.
 */
export function createLongReconnects(deps: LongReconnectsDeps): RepeatedLook {
  const { afterMs, log } = deps
  const everyMs = deps.everyMs ?? Math.min(30_000, Math.max(1_000, afterMs / 10))
  return repeatedLook({ look: () => showLongReconnects(deps), everyMs, failure: 'long_reconnects_not_shown', log })
}

type LookDeps = Pick<LongReconnectsDeps, 'database' | 'tenants' | 'events' | 'afterMs'>

/** One look over all workspaces. @returns how many are shown as disconnected from here on */
export async function showLongReconnects({ database, tenants, events, afterMs }: LookDeps): Promise<number> {
  const seconds = afterMs / 1_000
  const { rows } = await database.system(({ db }) =>
    sql<{ workspace: string; session: string }>`select * from long_reconnecting(${seconds}, ${atOnce})`.execute(db),
  )
  let shown = 0
  for (const { workspace, session } of rows) {
    const scope = { workspaceId: WorkspaceId.parse(workspace) }
    if (await tenants.transact(scope, tx => show(events, tx, SessionId.parse(session), seconds))) shown++
  }
  return shown
}

async function show(
  events: Pick<EventLog, 'append'>,
  tx: TenantTransactor,
  sessionId: SessionId,
  seconds: number,
): Promise<boolean> {
  const still = await tx.db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where('state', 'in', ['connecting', 'reconnecting'])
    .where(sql<boolean>`since < clock_timestamp() - make_interval(secs => ${seconds})`)
    .forUpdate()
    .executeTakeFirst()
  if (still === undefined) return false
  await setSessionState(events, tx, sessionId, { state: 'disconnected', reason: 'connection_lost_long' })
  await tellOwner(events, tx, sessionId, 'long_reconnecting')
  return true
}
