import { sql } from 'kysely'
import type { SessionId } from '../contract/ids.js'
import type { Database } from './database/database.js'
import { wake } from './events/wake.js'
import { nobodysId } from './leases/session-leases.js'

export type ReleaseSession = (sessionId: SessionId, held: { epoch: bigint }) => Promise<void>

type Batch = { held: Map<SessionId, bigint>; done: Promise<void> }

/**
 * Gives sessions up that have stopped on this node, so that others may claim them at once and are told so. Those that stop while a batch is
 * under way share the next one. What another has claimed meanwhile stays with it.
 */
export function createReleaseSessions(database: Database, nodeId: string): ReleaseSession {
  let waiting: Batch | null = null
  let writing: Promise<void> = Promise.resolve()

  const write = (held: Map<SessionId, bigint>) =>
    database.system(async tx => {
      await sql`
        update session_leases l set node_id = ${nobodysId}, released_at = clock_timestamp()
        from unnest(${[...held.keys()]}::uuid[], ${[...held.values()].map(String)}::bigint[]) as r (session_id, epoch)
        where l.session_id = r.session_id and l.epoch = r.epoch and l.node_id = ${nodeId} and l.wanted`.execute(tx.db)
      await wake(tx, nobodysId)
    })

  return async (sessionId, { epoch }) => {
    if (waiting === null) {
      const batch = new Map<SessionId, bigint>()
      const done = writing.then(() => {
        waiting = null
        return write(batch)
      })
      waiting = { held: batch, done }
      writing = done.catch(() => {})
    }
    waiting.held.set(sessionId, epoch)
    await waiting.done
  }
}
