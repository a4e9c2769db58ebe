import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { JOBS_SCHEMA } from '../database/job-queue.js'

/** What all nodes together have before them: counts and an age, of nothing that could be anybody's. */
export type DatabaseFigures = {
  outboxWaiting: number
  outboxOldestSeconds: number
  /** Connected sessions of which WhatsApp has fewer one-time keys left than it should. */
  preKeysLow: number
  jobsWaiting: number
  jobsParked: number
}

type Row = { waiting: string; oldest_seconds: number; pre_keys_low: string; jobs_waiting: string; jobs_parked: string }

/** @throws DatabaseUnavailableError */
export async function databaseFigures(database: Database): Promise<DatabaseFigures> {
  return database.system(
    async ({ db }) => {
      const { rows } = await sql<Row>`
        select b.*, j.* from gateway_backlog() as b, (
          select count(*) filter (where attempts < max_attempts) as jobs_waiting,
            count(*) filter (where attempts >= max_attempts and locked_at is null) as jobs_parked
          from ${sql.table(`${JOBS_SCHEMA}.jobs`)}
        ) as j`.execute(db)
      const [row] = rows
      return {
        outboxWaiting: Number(row?.waiting ?? 0),
        outboxOldestSeconds: row?.oldest_seconds ?? 0,
        preKeysLow: Number(row?.pre_keys_low ?? 0),
        jobsWaiting: Number(row?.jobs_waiting ?? 0),
        jobsParked: Number(row?.jobs_parked ?? 0),
      }
    },
    { deadlineMs: 2_000 },
  )
}
