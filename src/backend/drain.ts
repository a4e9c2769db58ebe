import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { ConnectSettings } from './config/config.js'
import type { Database } from './database/database.js'
import type { NodeLease } from './leases/node-lease.js'
import type { Linking } from './linking/linking.js'
import { errorCode, type Log } from './log.js'
import type { Recovery } from './recovery.js'
import { createReleaseSessions } from './release-sessions.js'
import { takenPerSecond } from './sessions/drain-sessions.js'
import type { LeaseWatch } from './sessions/lease-watch.js'
import type { Sessions } from './sessions/sessions.js'

/** Milliseconds for what only asks the database: a dead one must not hold up the end. */
const askLimitMs = 2_000

/** Of the time for the whole stop. */
const sessionsLimitMs = 18_000

/** Of that, as long as others set the pace. What is left then is closed in seconds, a thousand sessions too. */
const pacedMs = 14_000

export type DrainDeps = {
  database: Database
  lease: Pick<NodeLease, 'nodeId' | 'leaveOut'>
  recovery: Pick<Recovery, 'stop'>
  linking: Pick<Linking, 'close'>
  leaseWatch: Pick<LeaseWatch, 'stop'>
  sessions: Pick<Sessions, 'drain'>
  connects: Pick<ConnectSettings, 'perSecond' | 'perSecondTotal'>
  log: Log
}

/**
 * The polite end of a node, while its door is still open: nothing new is taken on, attempts of visitors end with a word, and every session is
 * stopped and given up one after the other, so that another node has it a moment later. Whatever is left after the limit is found by the
 * others as if this process had been killed.
 */
export interface Drain extends AsyncDisposable {
  /** From here on there is something to give up. */
  begin(): void
  isDraining(): boolean
}

export function createDrain(deps: DrainDeps): Drain {
  const { database, lease, recovery, linking, leaseWatch, sessions, connects, log } = deps
  let begun = false
  let ending: Promise<void> | null = null

  const inTime = (asking: Promise<unknown>, failure: string) =>
    Promise.race([
      asking.catch((error: unknown) => log.warn(failure, { code: errorCode(error) })),
      delay(askLimitMs, undefined, { ref: false }),
    ])

  /** Nodes that could take a session now. */
  const others = async (): Promise<number> => {
    const found = await inTime(
      database.system(async ({ db }) => {
        const { rows } = await sql<{ count: number }>`
          select count(*)::int as count from nodes
          where id <> ${lease.nodeId} and not draining and lease_until > clock_timestamp()`.execute(db)
        return rows[0]?.count ?? 0
      }),
      'others_not_counted',
    )
    return typeof found === 'number' ? found : 0
  }

  const drain = async () => {
    log.info('draining')
    await inTime(lease.leaveOut(), 'drain_not_told')
    await inTime(recovery.stop(), 'recovery_not_stopped')
    await inTime(leaseWatch.stop(), 'lease_watch_not_stopped')
    await linking.close()
    const takers = await others()
    const give = createReleaseSessions(database, lease.nodeId)
    await sessions.drain({
      limitMs: sessionsLimitMs,
      pacedMs,
      perSecond: takenPerSecond(takers, connects),
      release: (sessionId, held) =>
        give(sessionId, held).catch((error: unknown) =>
          log.warn('session_not_released', { sessionId, code: errorCode(error) }),
        ),
    })
    log.info('drained')
  }

  return {
    begin() {
      begun = true
    },
    isDraining: () => ending !== null,
    async [Symbol.asyncDispose]() {
      if (!begun) return
      await (ending ??= drain())
    },
  }
}
