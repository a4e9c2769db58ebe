import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import type { Log } from '../log.js'
import type { Vault } from '../vault/vault.js'
import { cleanupSteps } from './cleanup-steps.js'
import type { Job } from './job.js'
import { createJobRunner, type JobRunner } from './job-runner.js'
import type { Scheduled } from './schedule.js'
import { createSessionCleanup } from './session-cleanup.js'
import type { TaskListDeps } from './task-list.js'
import { createWorkspaceCleanup } from './workspace-cleanup.js'

export type BackgroundJobsDeps = Pick<TaskListDeps, 'onOutcome'> & {
  database: Database
  url: string
  tenants: Tenants
  events: EventLog
  vault: Vault
  nodeId: string
  /** Jobs of what stands above this folder, and when they run by themselves. */
  others: readonly Job[]
  otherTimes: readonly Scheduled[]
  log: Log
}

const schedule: readonly Scheduled[] = [{ job: 'session-cleanup', at: '7 * * * *' }]

/** The jobs of the gateway and when they run, on this node as on any other that has the role. */
export function createBackgroundJobs({
  tenants,
  events,
  vault,
  others,
  otherTimes,
  ...deps
}: BackgroundJobsDeps): JobRunner {
  const steps = cleanupSteps({ events, vault })
  const cleanup = createWorkspaceCleanup({ tenants, steps, log: deps.log })
  const jobs = [createSessionCleanup({ tenants }), cleanup, ...others]
  return createJobRunner({ ...deps, jobs, schedule: [...schedule, ...otherTimes] })
}
