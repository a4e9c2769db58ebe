import type { Database } from './database/database.js'
import type { EventWakeups } from './events/event-wakeups.js'
import { isDead, lookForOrphans } from './leases/claims.js'
import type { Glance, Glances } from './leases/glances.js'
import type { NodeLease } from './leases/node-lease.js'
import { leasesOf, nobodysId, type ClaimedSession } from './leases/session-leases.js'
import { errorCode } from './log.js'
import { takeOver, type TakeOverDeps, type ToTakeOver } from './take-over.js'

/** After the end of another node's lease, so that the look finds it ended. */
const afterEndMs = 20
const claimsPerSweep = 500

/**
 * What is this node's and does not run here is looked for so often, and taken for stranded when two looks in a row have found it. The time
 * between them is longer than a transaction may take: by then whatever was just ending, and had left its process first, has stored its end.
 */
const strandedEveryMs = 15_000

export type RecoveryDeps = Omit<TakeOverDeps, 'sessions'> & {
  database: Database
  wakeups: Pick<EventWakeups, 'subscribe'>
  /** Find processes of this machine that have died, and what a lost wake-up was about. */
  glances: Pick<Glances, 'subscribe'>
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
  const { database, wakeups, glances, linking, sessions, lease, log } = deps
  const { nodeId, host } = lease
  let next: NodeJS.Timeout | undefined
  let looking: NodeJS.Timeout | undefined
  let unsubscribe: (() => void)[] = []
  let stopped = false
  let sweeping: Promise<void> = Promise.resolve()
  let asked = false
  /** Claimed, not taken over yet. Nobody else will claim these, so each is tried again until it works. */
  let waiting: ToTakeOver[] = []
  /** Ids of this node's that the last look found without anybody running them. */
  let suspects = new Set<string>()

  /** @returns after how long there may be more to claim; null: this node is alone */
  const claim = async (): Promise<number | null> => {
    for (;;) {
      const { claimed, dead, nextEndMs } = await lookForOrphans(database, { nodeId, host, most: claimsPerSweep })
      for (const id of dead) log.info('dead_neighbour_found', { nodeId: id })
      waiting.push(...claimed)
      if (claimed.length < claimsPerSweep) return nextEndMs
    }
  }

  const sweep = async () => {
    asked = false
    // in doubt this node may be the one that is lost
    if (!stopped && lease.isSure()) {
      try {
        sweepAtEnd(await claim())
      } catch (error) {
        log.warn('recovery_failed', { code: errorCode(error) })
      }
      if (waiting.length > 0) waiting = await takeOver(deps, waiting)
    }
  }

  /** The first lease of another node that ends is not waited for until the next glance. */
  const sweepAtEnd = (nextEndMs: number | null) => {
    clearTimeout(next)
    if (!stopped && nextEndMs !== null) next = setTimeout(ask, nextEndMs + afterEndMs).unref()
  }

  const see = ({ others, isAnyLost }: Glance) => {
    if (isAnyLost || waiting.length > 0 || others.some(node => isDead(node, host))) return ask()
    sweepAtEnd(others.length === 0 ? null : Math.min(...others.map(({ left_ms: left }) => left)))
  }

  const runsHere = ({ sessionId }: ClaimedSession) =>
    linking.has(sessionId) || sessions.has(sessionId) || waiting.some(claimed => claimed.sessionId === sessionId)

  const findStranded = async () => {
    if (stopped) return
    // what was found before the doubt is not found again by the first look after it
    if (!lease.isSure()) return suspects.clear()
    try {
      const idle = (await leasesOf(database, nodeId)).filter(owned => !runsHere(owned))
      waiting.push(...idle.filter(({ sessionId }) => suspects.has(sessionId)))
      suspects = new Set(idle.map(({ sessionId }) => sessionId))
    } catch (error) {
      suspects.clear()
      log.warn('recovery_failed', { code: errorCode(error) })
    }
  }

  /** After the end of a look: two that waited behind a slow sweep would find the same moment twice. */
  const lookLater = () => {
    if (stopped) return
    looking = setTimeout(() => {
      sweeping = sweeping.then(findStranded).then(lookLater)
    }, deps.strandedEveryMs ?? strandedEveryMs).unref()
  }

  const ask = () => {
    // many may be given up while one sweep is under way
    if (asked) return
    asked = true
    sweeping = sweeping.then(sweep)
  }

  const stop = () => {
    stopped = true
    clearTimeout(next)
    clearTimeout(looking)
    for (const end of unsubscribe.splice(0)) end()
    return sweeping
  }

  return {
    start() {
      unsubscribe = [wakeups.subscribe(nobodysId, ask), glances.subscribe(see)]
      ask()
      lookLater()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
