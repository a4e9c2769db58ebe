import { sql, type QueryExecutorProvider } from 'kysely'
import { JOBS_SCHEMA } from '../database/job-queue.js'
import { jobTries } from './job.js'

export type NewJob = {
  name: string
  /** Ids and nothing else. */
  payload: Readonly<Record<string, string>>
  /** Of several that wait with one key, one is done; one that is parked gets its tries back. */
  key: string
}

/** Adds a job in the caller's transaction, so that what it is about and the job are stored together or not at all. */
export async function addJob(
  { db }: { readonly db: QueryExecutorProvider },
  { name, payload, key }: NewJob,
): Promise<void> {
  await sql`
    select from ${sql.table(`${JOBS_SCHEMA}.add_job`)}(
      identifier => ${name}, payload => ${JSON.stringify(payload)}::json, job_key => ${key}, max_attempts => ${jobTries}
    )`.execute(db)
}
