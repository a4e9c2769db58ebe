import type { Database } from './database/database.js'
import type { EventWakeups } from './events/event-wakeups.js'
import { claimOrphans, endDeadNeighbours, nobodysId } from './leases/claims.js'
import type { NodeLease } from './leases/node-lease.js'
import { leasesOf, type ClaimedSession } from './leases/session-leases.js'
import { errorCode } from './log.js'
import { takeOver, type TakeOverDeps } from './take-over.js'

/** Short, because it is part of the time for which nobody runs a lost node's sessions; a look that finds nothing is one cheap question. */
const sweepEveryMs = 1_000
const claimsPerSweep = 500

/**
 * What is this node's and does not run here is looked for so often, and taken for stranded when two looks in a row have found it. The time
 * between them is longer than a transaction may take: by then whatever was just ending, and had left its process first, has stored its end.
 */
const strandedEveryMs = 15_000

export type RecoveryDeps = Omit<TakeOverDeps, 'sessions'> & {
  database: Database
  wakeups: Pick<EventWakeups, 'subscribe'>
  sessions: TakeOverDeps['sessions'] & { has(sessionId: ClaimedSession['sessionId']): boolean }
  linking: TakeOverDeps['linking'] & { has(sessionId: ClaimedSession['sessionId']): boolean }
  lease: Pick<NodeLease, 'nodeId' | 'host' | 'isSure'>
  strandedEveryMs?: number
}

/**
 * Takes over what others have given up or left behind, and what this node owns untold, because the answer to a commit was lost: sessions are
 * connected again, attempts that never became one are ended.
 */
export interface Recovery extends AsyncDisposable {
  /** Begins at once; what is found is worked off while everything else goes on. */
  start(): void
  /** Claims nothing any more. */
  stop(): Promise<void>
}

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { database, wakeups, linking, sessions, lease, log } = deps
  const { nodeId, host } = lease
  const timers: NodeJS.Timeout[] = []
  let unsubscribe = () => {}
  let stopped = false
  let sweeping: Promise<void> = Promise.resolve()
  let asked = false
  /** Claimed, not taken over yet. Nobody else will claim these, so each is tried again until it works. */
  let waiting: ClaimedSession[] = []
  /** Ids of this node's that the last look found without anybody running them. */
  let suspects = new Set<string>()

  const claim = async () => {
    const lost = host === null ? [] : await endDeadNeighbours(database, nodeId, host)
    for (const id of lost) log.info('dead_neighbour_found', { nodeId: id })
    for (;;) {
      const claimed = await claimOrphans(database, nodeId, claimsPerSweep)
      waiting.push(...claimed)
      if (claimed.length < claimsPerSweep) return
    }
  }

  const sweep = async () => {
    asked = false
    // in doubt this node may be the one that is lost
    if (stopped || !lease.isSure()) return
    await claim().catch((error: unknown) => log.warn('recovery_failed', { code: errorCode(error) }))
    if (waiting.length > 0) waiting = await takeOver(deps, waiting)
  }

  const runsHere = ({ sessionId }: ClaimedSession) =>
    linking.has(sessionId) || sessions.has(sessionId) || waiting.some(claimed => claimed.sessionId === sessionId)

  const findStranded = async () => {
    if (stopped) return
    try {
      const idle = (await leasesOf(database, nodeId)).filter(owned => !runsHere(owned))
      waiting.push(...idle.filter(({ sessionId }) => suspects.has(sessionId)))
      suspects = new Set(idle.map(({ sessionId }) => sessionId))
    } catch (error) {
      suspects.clear()
      log.warn('recovery_failed', { code: errorCode(error) })
    }
  }

  const ask = () => {
    // many may be given up while one sweep is under way
    if (asked) return
    asked = true
    sweeping = sweeping.then(sweep)
  }

  const stop = () => {
    stopped = true
    timers.forEach(clearInterval)
    unsubscribe()
    return sweeping
  }

  return {
    start() {
      unsubscribe = wakeups.subscribe(nobodysId, ask)
      ask()
      timers.push(setInterval(ask, sweepEveryMs).unref())
      const look = () => {
        sweeping = sweeping.then(findStranded)
      }
      timers.push(setInterval(look, deps.strandedEveryMs ?? strandedEveryMs).unref())
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
