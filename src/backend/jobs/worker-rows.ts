import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { JOBS_SCHEMA } from '../database/job-queue.js'
import { SCHEMA } from '../database/schema.js'

/** As for sessions: a renewal that is under way is not overtaken. */
const lostAfter = '1 second'

/** A worker tells of itself every few seconds, so one that nobody knows after so long is gone. */
const unknownAfter = '30 seconds'

const jobs = `${JOBS_SCHEMA}.jobs`

/** Notes the worker, and asks whether any other is lost: nearly always none is. */
const question = `
  with noted as (
    insert into ${SCHEMA}.job_workers (id, node_id) select $1::text, $2::uuid where $1::text is not null on conflict do nothing
  )
  select 1 from ${SCHEMA}.job_workers w where w.id is distinct from $1 and (
    w.node_id = $2 or not exists (
      select from ${SCHEMA}.nodes n where n.id = w.node_id and n.lease_until + $3::interval > clock_timestamp()
    )
  )
  union all
  select 1 from ${jobs} j where j.locked_at < clock_timestamp() - $4::interval and j.locked_by is distinct from $1
    and not exists (select from ${SCHEMA}.job_workers w where w.id = j.locked_by)`

/**
 * Notes that a node's worker lives, and frees the jobs of those that do not: of lost nodes, and of earlier workers of this one. Whoever has
 * room takes them up at once. What a worker does whose node was only cut off may so be done twice, at the same time even.
 * @param worker this node's own, if it has one
 * @returns the ids of the lost workers
 */
export async function freeLostJobs(database: Database, nodeId: string, worker: string | null): Promise<string[]> {
  const found = await database.ask(question, [worker, nodeId, lostAfter, unknownAfter])
  if (found.length === 0) return []
  return database.system(async ({ db }) => {
    const { rows } = await sql<{ id: string }>`
      with gone as (
        delete from job_workers w where w.id is distinct from ${worker} and (
          w.node_id = ${nodeId} or not exists (
            select from nodes n where n.id = w.node_id and n.lease_until + ${lostAfter}::interval > clock_timestamp()
          )
        ) returning id
      )
      select id from gone union
      select j.locked_by from ${sql.table(jobs)} j
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
