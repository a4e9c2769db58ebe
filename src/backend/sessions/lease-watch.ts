import type { SessionId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import type { Glance, Glances } from '../leases/glances.js'
import type { NodeLease } from '../leases/node-lease.js'
import { leaseNews, type LeaseNews } from '../leases/session-leases.js'
import { errorCode, type Log } from '../log.js'
import type { SessionIdentity } from './session-identity.js'
import type { Sessions } from './sessions.js'

export type LeaseWatchDeps = {
  database: Database
  sessions: Pick<Sessions, 'identities' | 'ended' | 'has' | 'rest' | 'resume'>
  wakeups: Pick<EventWakeups, 'subscribe' | 'wake'>
  glances: Pick<Glances, 'subscribe'>
  lease: Pick<NodeLease, 'nodeId' | 'isSure'>
  log: Log
}

/**
 * Sees to it that what runs here is what the database wants to run here. Whoever takes a session away from this node, wants it taken up
 * anew, or leaves something for it to do writes that down and wakes the node; of a wake-up that is lost the next glance tells. A session that met
 * its fence before it was looked at has ended by itself, and is taken up anew just the same.
 */
export interface LeaseWatch extends AsyncDisposable {
  start(): void
  /** Nothing is taken up anew any more. */
  stop(): Promise<void>
}

export function createLeaseWatch({ database, sessions, wakeups, glances, lease, log }: LeaseWatchDeps): LeaseWatch {
  const { nodeId } = lease
  /** How often the bell of each session had been rung when it was looked at last. */
  let bells = new Map<SessionId, bigint>()
  let unsubscribe: (() => void)[] = []
  /** What the last glance has shown of this node's leases … */
  let own = ''
  /** … and what a whole look has gone by: as long as neither changes, another one would find nothing. */
  let looked: { own: string; identities: ReadonlyMap<SessionId, SessionIdentity> } | null = null
  let looking: Promise<void> | null = null
  let again = false

  /** One that runs is never behind one that has ended. */
  const seen = () => new Map([...sessions.ended(), ...sessions.identities()])

  const look = async () => {
    const identities = seen()
    const before = own
    looked = null
    bells = new Map([...bells].filter(([sessionId]) => identities.has(sessionId)))
    // in doubt everything stands still, and whoever ends the doubt lets go of what was lost
    if (identities.size === 0 || !lease.isSure()) return
    const held = [...identities].map(([sessionId, { fence }]) => ({
      sessionId,
      epoch: fence.epoch,
      bell: bells.get(sessionId) ?? null,
    }))
    const news = await leaseNews(database, nodeId, held)
    if (!lease.isSure()) return
    looked = { own: before, identities }
    const now = seen()
    for (const each of news) {
      const identity = now.get(each.sessionId)
      // not one that was taken up anew while the question was under way
      if (identity === undefined || identity !== identities.get(each.sessionId)) continue
      react(each, identity)
    }
  }

  const react = ({ sessionId, epoch, bell }: LeaseNews, identity: SessionIdentity) => {
    if (epoch === null) {
      // one that has ended by itself is gone already
      if (!sessions.has(sessionId)) return
      log.info('session_let_go', { sessionId, epoch: Number(identity.fence.epoch) })
      // others do not wait for its socket
      void sessions.rest(sessionId)
      return
    }
    if (epoch > identity.fence.epoch) {
      log.info('session_recycled', { sessionId, epoch: Number(epoch) })
      sessions.resume({ ...identity, fence: { nodeId, epoch } }, 'owner_waits')
    }
    if (bell === null) return
    bells.set(sessionId, bell)
    wakeups.wake(sessionId)
  }

  const watch = async () => {
    do {
      again = false
      await look().catch((error: unknown) => log.warn('leases_not_watched', { code: errorCode(error) }))
    } while (again)
    looking = null
  }

  /** A wake-up during a look is not lost: what it tells of may have come too late for that one. */
  const wake = () => {
    again = true
    looking ??= watch()
  }

  const hasChanged = (now: string) => {
    if (looked?.own !== now) return true
    const { identities } = looked
    const held = seen()
    return held.size !== identities.size || [...held].some(([id, identity]) => identities.get(id) !== identity)
  }

  const stop = async () => {
    for (const end of unsubscribe.splice(0)) end()
    again = false
    await looking
  }

  return {
    start() {
      const see = (glance: Glance) => {
        own = glance.own
        if (hasChanged(own)) wake()
      }
      unsubscribe = [wakeups.subscribe(nodeId, wake), glances.subscribe(see)]
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
