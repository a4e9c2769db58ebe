import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { errorCode, type Log } from '../log.js'

const leaseSeconds = 8
const renewEveryMs = 2_000

/** One row per start of a process. Only the database's clock decides whether it has ended. */
export interface NodeLease extends AsyncDisposable {
  readonly nodeId: string
  /** Takes the lease and keeps renewing it. */
  start(): Promise<void>
}

export type NodeLeaseDeps = { database: Database; log: Log }

export function createNodeLease({ database, log }: NodeLeaseDeps): NodeLease {
  const nodeId = randomUUID()
  let timer: NodeJS.Timeout | undefined
  let renewal: Promise<void> = Promise.resolve()

  const renew = () =>
    database.system(async ({ db }) => {
      await sql`
        insert into nodes (id, lease_until) values (${nodeId}, clock_timestamp() + make_interval(secs => ${leaseSeconds}))
        on conflict (id) do update set lease_until = excluded.lease_until`.execute(db)
    })

  return {
    nodeId,
    async start() {
      await renew()
      timer = setInterval(() => {
        renewal = renew().catch((error: unknown) => log.warn('lease_not_renewed', { nodeId, code: errorCode(error) }))
      }, renewEveryMs)
      timer.unref()
    },
    async [Symbol.asyncDispose]() {
      if (timer === undefined) return
      clearInterval(timer)
      timer = undefined
      await renewal
      // what this node ran can be claimed at once; an unreachable database lets the lease run out instead
      await database
        .system(async ({ db }) => void (await db.deleteFrom('nodes').where('id', '=', nodeId).execute()))
        .catch((error: unknown) => log.warn('lease_not_returned', { nodeId, code: errorCode(error) }))
    },
  }
}
