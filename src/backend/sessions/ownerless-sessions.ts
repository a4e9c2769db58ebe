import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import type { Glance, Glances } from '../leases/glances.js'
import { heldByNobody, ownerlessLeases } from '../leases/ownerless-leases.js'
import { errorCode, type Log } from '../log.js'
import { shownStates } from './sessions-store.js'
import { setSessionState } from './set-session-state.js'

export type OwnerlessSessionsDeps = {
  database: Database
  tenants: Tenants
  events: Pick<EventLog, 'append'>
  /** With two of them and what is left of a lease it is less than the thirty seconds after which what is shown is to be true. */
  glances: Pick<Glances, 'subscribe'>
  log: Log
}

export interface OwnerlessSessions extends AsyncDisposable {
  start(): void
}

/**
 * Shows sessions as reconnecting that are shown as connected and that no node runs: usually another takes them over before that, but where none
 * can, nobody else would ever say so. A session is moved when two looks in a row have found it: after a pause of the database every lease has
 * ended, and a node that has kept its sockets needs a moment to renew its own. What was found before the pause is no first look therefore: a
 * glance that fails forgets it. Every node looks; whichever comes first does it.
 */
export function createOwnerlessSessions(deps: OwnerlessSessionsDeps): OwnerlessSessions {
  const { glances, log } = deps
  const stopping = new AbortController()
  let unsubscribe = () => {}
  let suspects: ReadonlySet<SessionId> = new Set()
  let looking: Promise<void> | null = null
  let missed = 0

  const look = async () => {
    const [before, missedBefore] = [suspects, missed]
    // a look that fails has found nobody
    suspects = new Set()
    try {
      const found = await showOwnerless(deps, before, stopping.signal)
      if (missed === missedBefore) suspects = found
    } catch (error) {
      log.warn('ownerless_sessions_not_shown', { code: errorCode(error) })
    }
    looking = null
  }

  const see = ({ isAnyOwnerless }: Glance) => {
    if (isAnyOwnerless) looking ??= look()
    else if (looking === null) suspects = new Set()
  }

  const forget = () => {
    missed++
    suspects = new Set()
  }

  return {
    start() {
      unsubscribe = glances.subscribe(see, forget)
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      unsubscribe()
      await looking
    },
  }
}

type LookDeps = Pick<OwnerlessSessionsDeps, 'database' | 'tenants' | 'events' | 'log'>

/**
 * One look over all workspaces.
 * @param suspects what the look before has answered: only these are moved
 * @returns those that nobody runs
 */
export async function showOwnerless(
  { database, tenants, events, log }: LookDeps,
  suspects: ReadonlySet<SessionId>,
  signal?: AbortSignal,
): Promise<ReadonlySet<SessionId>> {
  const found = await ownerlessLeases(database)
  const workspaces = new Map<WorkspaceId, SessionId[]>()
  for (const { workspaceId, sessionId } of found.filter(lease => suspects.has(lease.sessionId)))
    workspaces.set(workspaceId, [...(workspaces.get(workspaceId) ?? []), sessionId])
  for (const [workspaceId, ids] of workspaces) {
    const scope = { workspaceId }
    const shown = await tenants.read(scope, tx => shownStates(tx, ids))
    for (const sessionId of ids.filter(id => shown.get(id) === 'connected')) {
      if (signal?.aborted === true) return suspects
      if (await tenants.transact(scope, tx => show(events, tx, sessionId)))
        log.warn('session_without_node', { sessionId })
    }
  }
  return new Set(found.map(({ sessionId }) => sessionId))
}

async function show(events: Pick<EventLog, 'append'>, tx: TenantTransactor, sessionId: SessionId): Promise<boolean> {
  if (!(await heldByNobody(tx, sessionId))) return false
  const connected = await tx.db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where('state', '=', 'connected')
    .forUpdate()
    .executeTakeFirst()
  if (connected === undefined) return false
  return setSessionState(events, tx, sessionId, { state: 'reconnecting', reason: 'no_server' })
}
