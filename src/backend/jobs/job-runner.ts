import { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { run, type Runner, type TaskList, type WorkerEvents } from 'graphile-worker'
import type { Pool } from 'pg'
import type { Database } from '../database/database.js'
import { JOBS_SCHEMA } from '../database/job-queue.js'
import { createPool } from '../database/pool.js'
import { errorCode } from '../log.js'
import { libraryLog } from './library-log.js'
import { releasedOnce } from './released-once.js'
import { parseSchedule, type Scheduled } from './schedule.js'
import { taskList, type TaskListDeps } from './task-list.js'
import { freeLostJobs } from './worker-rows.js'

export type JobRunnerDeps = TaskListDeps & {
  database: Database
  /** Address of the app role: the library has connections of its own, one of which listens. */
  url: string
  nodeId: string
  schedule: readonly Scheduled[]
}

/** Runs background jobs on this node until it is closed, whatever happens to the database meanwhile. */
export interface JobRunner extends AsyncDisposable {
  /** Returns at once: a node is of use before its first job. */
  start(): void
}

/** Jobs at once. They wait for the database rather than work. */
const concurrency = 2
/** Whoever adds a job wakes a worker; this is for those whose time comes, and for wake-ups that were missed. */
const lookEveryMs = 10_000
const beatEveryMs = 5_000
const againAfterMs = 2_000
/** A job that does not leave off by then is left to another node, which begins it anew. */
const stopLimitMs = { asked: 2_000, given: 8_000 }

/**
 * Of an end that is stored by itself nobody hears when it could not be stored: the rejection is nobody's, and the job stays locked by a worker that
 * lives, for four hours. As a batch, be it of one, it ends the worker instead, and the next one of this node frees the job within seconds.
 * Source: `worker.js`, and `batch` in `main.js`, of graphile-worker 0.17.3.
 */
const storedInBatches = { completeJobBatchDelay: 0, failJobBatchDelay: 0 }

export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  const { database, nodeId, log } = deps
  const stopping = new AbortController()
  const { signal } = stopping
  const pool = releasedOnce(createPool({ url: deps.url, max: concurrency + 2 }))
  // the library asks for it: a connection that breaks while it is lent out would end the process
  pool.on('connect', client => client.on('error', () => {}))
  const tasks = taskList(deps)
  let runner: Runner | null = null
  let worker: string | null = null
  let working: Promise<void> = Promise.resolve()
  let beating: Promise<void> = Promise.resolve()
  let beats: NodeJS.Timeout | undefined

  const beat = async () => {
    try {
      const lost = await freeLostJobs(database, nodeId, worker)
      if (lost.length > 0) log.info('lost_jobs_freed', { count: lost.length })
    } catch (error) {
      log.warn('job_heartbeat_failed', { code: errorCode(error) })
    }
  }

  const work = async () => {
    while (!signal.aborted) {
      try {
        const events: WorkerEvents = new EventEmitter()
        events.on('pool:create', ({ workerPool }) => (worker = workerPool.id))
        runner = await begin(deps, pool, tasks, events)
        await beat()
        // it may be stopping already, and is not done before its promise is
        if (signal.aborted) await runner.stop().catch(() => {})
        await runner.promise
      } catch (error) {
        if (!signal.aborted) log.warn('jobs_interrupted', { code: errorCode(error) })
      }
      runner = null
      worker = null
      await delay(againAfterMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  const stop = async () => {
    stopping.abort()
    if (beats === undefined) return pool.end()
    clearInterval(beats)
    await runner?.stop().catch(() => {})
    await working
    await beating
    worker = null
    await beat()
    await pool.end()
  }
  let stopped: Promise<unknown> | null = null

  return {
    start() {
      beats = setInterval(() => {
        beating = beating.then(beat)
      }, beatEveryMs).unref()
      working = work()
    },
    async [Symbol.asyncDispose]() {
      stopped ??= Promise.race([stop(), delay(stopLimitMs.given, undefined, { ref: false })])
      await stopped
    },
  }
}

function begin({ schedule, log }: JobRunnerDeps, pgPool: Pool, tasks: TaskList, events: WorkerEvents) {
  return run({
    pgPool,
    schema: JOBS_SCHEMA,
    concurrency,
    pollInterval: lookEveryMs,
    noHandleSignals: true,
    gracefulShutdownAbortTimeout: stopLimitMs.asked,
    preset: { worker: storedInBatches },
    taskList: tasks,
    parsedCronItems: parseSchedule(schedule),
    logger: libraryLog(log),
    events,
  })
}
