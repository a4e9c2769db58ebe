import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { errorCode, type Log } from '../log.js'

const leaseSeconds = 8
const renewEveryMs = 2_000
const tidyEveryMs = 60 * 60 * 1_000

/** One row per start of a process. Only the database's clock decides whether it has ended. */
export interface NodeLease extends AsyncDisposable {
  readonly nodeId: string
  /** Takes the lease and keeps renewing it. */
  start(): Promise<void>
}

export type NodeLeaseDeps = { database: Database; log: Log }

export function createNodeLease({ database, log }: NodeLeaseDeps): NodeLease {
  const nodeId = randomUUID()
  const timers: NodeJS.Timeout[] = []
  let renewal: Promise<void> = Promise.resolve()

  const renew = () =>
    database.system(async ({ db }) => {
      await sql`
        insert into nodes (id, lease_until) values (${nodeId}, clock_timestamp() + make_interval(secs => ${leaseSeconds}))
        on conflict (id) do update set lease_until = excluded.lease_until`.execute(db)
    })

  /** A process that crashed leaves its row. Long after, and once all of its sessions have been claimed, it says nothing any more. */
  const tidy = () =>
    database.system(async ({ db }) => {
      await sql`
        delete from nodes where lease_until < clock_timestamp() - interval '1 day'
        and not exists (select from session_leases l where l.wanted and l.node_id = nodes.id)`.execute(db)
    })

  const every = (ms: number, work: () => Promise<void>, failure: string) => {
    const timer = setInterval(() => {
      renewal = renewal.then(work).catch((error: unknown) => log.warn(failure, { nodeId, code: errorCode(error) }))
    }, ms)
    timers.push(timer.unref())
  }

  return {
    nodeId,
    async start() {
      await renew()
      await tidy()
      every(renewEveryMs, renew, 'lease_not_renewed')
      every(tidyEveryMs, tidy, 'nodes_not_tidied')
    },
    async [Symbol.asyncDispose]() {
      if (timers.length === 0) return
      for (const timer of timers.splice(0)) clearInterval(timer)
      await renewal
      // what this node ran can be claimed at once; an unreachable database lets the lease run out instead
      await database
        .system(async ({ db }) => void (await db.deleteFrom('nodes').where('id', '=', nodeId).execute()))
        .catch((error: unknown) => log.warn('lease_not_returned', { nodeId, code: errorCode(error) }))
    },
  }
}
