import type { TaskList } from 'graphile-worker'
import { errorCode, type Log } from '../log.js'
import type { Job } from './job.js'

/** What became of a try. `parked`: it was the last one; somebody has to look. */
export type JobOutcome = 'done' | 'failed' | 'parked'

export type TaskListDeps = {
  jobs: readonly Job[]
  log: Log
  onOutcome: (job: string, outcome: JobOutcome) => void
}

/** Our jobs as the job library wants them, each try told of. */
export function taskList({ jobs, log, onOutcome }: TaskListDeps): TaskList {
  const tasks: TaskList = {}
  for (const job of jobs) {
    tasks[job.name] = async (payload, { abortSignal, job: { attempts, max_attempts } }) => {
      try {
        await job.run(payload, { signal: abortSignal })
        onOutcome(job.name, 'done')
      } catch (error) {
        const outcome = attempts >= max_attempts ? 'parked' : 'failed'
        onOutcome(job.name, outcome)
        const fields = { job: job.name, code: errorCode(error), count: attempts }
        if (outcome === 'parked') log.error('job_parked', fields)
        else log.warn('job_failed', fields)
        throw wordless(error)
      }
    }
  }
  return tasks
}

/** The library stores and prints the message of a failure, and its stack: it gets the stable code, because messages may quote data. */
function wordless(error: unknown): Error {
  const code = new Error(errorCode(error))
  delete code.stack
  return code
}
