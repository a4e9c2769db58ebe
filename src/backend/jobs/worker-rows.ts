import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { JOBS_SCHEMA } from '../database/job-queue.js'

/** As for sessions: a renewal that is under way is not overtaken. */
const lostAfter = '1 second'

/** A worker tells of itself every few seconds, so one that nobody knows after so long is gone. */
const unknownAfter = '30 seconds'

/**
 * Notes that a node's worker lives, and frees the jobs of those that do not: of lost nodes, and of earlier workers of this one. Whoever has
 * room takes them up at once. What a worker does whose node was only cut off may so be done twice, at the same time even.
 * @param worker this node's own, if it has one
 * @returns the ids of the lost workers
 */
export async function freeLostJobs(database: Database, nodeId: string, worker: string | null): Promise<string[]> {
  return database.system(async ({ db }) => {
    if (worker !== null) {
      await sql`insert into job_workers (id, node_id) values (${worker}, ${nodeId}) on conflict do nothing`.execute(db)
    }
    const { rows } = await sql<{ id: string }>`
      with gone as (
        delete from job_workers w where w.id is distinct from ${worker} and (
          w.node_id = ${nodeId} or not exists (
            select from nodes n where n.id = w.node_id and n.lease_until + ${lostAfter}::interval > clock_timestamp()
          )
        ) returning id
      )
      select id from gone union
      select j.locked_by from ${sql.table(`${JOBS_SCHEMA}.jobs`)} j
      where j.locked_at < clock_timestamp() - ${unknownAfter}::interval
        and not exists (select from job_workers w where w.id = j.locked_by)`.execute(db)
    const lost = rows.map(({ id }) => id)
    if (lost.length > 0) {
      await sql`
        select ${sql.raw(JOBS_SCHEMA)}.force_unlock_workers(${lost}::text[]),
          pg_notify('jobs:insert', '{"count":1000}')`.execute(db)
    }
    return lost
  })
}
