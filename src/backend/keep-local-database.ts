import { setTimeout as delay } from 'node:timers/promises'
import type { LocalPostgres } from './database/local/start-local-postgres.js'
import { LocalPostgresError } from './database/local/local-postgres-error.js'
import { errorCode, type Log } from './log.js'
import { repeatedLook, type RepeatedLook } from './sessions/repeated-look.js'

const longestPauseMs = 30_000
/** A server that dies sooner than this after its start has not helped: pauses go on growing. */
const stableMs = 60_000

export type KeepLocalDatabaseDeps = {
  local: Pick<LocalPostgres, 'isAlive' | 'startAgain'>
  log: Log
  /** Milliseconds between two looks: this and a start is how long nobody has a database. */
  lookEveryMs?: number
  /** Milliseconds before the second try, doubled with each that follows. */
  firstPauseMs?: number
}

/**
 * Starts the PostgreSQL of the data folder again whenever it has died, at the same address, so that everybody who uses it goes on as
 * after any outage. Every gateway of the folder does so, under the folder's lock: one starts it, the others find it. End it before
 * the database is left.
 */
export function keepLocalDatabase(deps: KeepLocalDatabaseDeps): RepeatedLook {
  const { local, log, lookEveryMs = 1_000, firstPauseMs = 1_000 } = deps
  let gone = false
  let startedAt = -Infinity
  let pauseMs = 0

  const tryAgain = async (): Promise<void> => {
    try {
      const pid = await local.startAgain()
      if (pid === null) return
      gone = false
      startedAt = performance.now()
      log.info('local_database_started', { pid })
    } catch (error) {
      const hint = error instanceof LocalPostgresError ? { hint: `${error.message} ${error.action}` } : {}
      log.error(eventOf(error), { code: errorCode(error), ms: pauseMs, ...hint })
    }
  }
  const look = async (signal: AbortSignal): Promise<void> => {
    if (local.isAlive()) return
    if (!gone) {
      gone = true
      log.error('local_database_gone')
      if (performance.now() - startedAt > stableMs) pauseMs = 0
    }
    await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {})
    if (signal.aborted) return
    pauseMs = Math.min(Math.max(firstPauseMs, pauseMs * 2), longestPauseMs)
    await tryAgain()
  }
  return repeatedLook({ look, everyMs: lookEveryMs, failure: 'local_database_not_looked_at', log })
}

function eventOf(error: unknown): string {
  const code = error instanceof LocalPostgresError ? error.code : ''
  return code === 'port_taken' || code === 'port_changed' ? `local_database_${code}` : 'local_database_not_started'
}
