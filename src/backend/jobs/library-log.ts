import { Logger } from 'graphile-worker'
import type { Log } from '../log.js'

/**
 * What the job library has to say of itself, as a count of lines and nothing more: its sentences quote errors, which may quote data. What
 * becomes of jobs is told by `job-runner.ts`.
 */
export const libraryLog = (log: Log): Logger =>
  new Logger(() => level => {
    const code: string = level
    if (code === 'error' || code === 'warning') log.debug('job_library_complained', { code })
  })
