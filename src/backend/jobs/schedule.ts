import { parseCronItems, type ParsedCronItem } from 'graphile-worker'
import { jobTries } from './job.js'

/** A job that is added by itself, on one node of all, at the times of a crontab line in UTC. */
export type Scheduled = { job: string; at: string }

/** Longest time that a cluster may have been down for a time it missed to be made up for, once. */
const missedForMs = 24 * 60 * 60 * 1_000

export function parseSchedule(scheduled: readonly Scheduled[]): ParsedCronItem[] {
  return parseCronItems(
    scheduled.map(({ job, at }) => ({
      task: job,
      match: at,
      identifier: job,
      options: { backfillPeriod: missedForMs, maxAttempts: jobTries, jobKey: job, jobKeyMode: 'replace' },
    })),
  )
}
