import { z } from 'zod'
import { WorkspaceId } from '../../contract/ids.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { errorCode, type Log } from '../log.js'
import type { Job } from './job.js'

export const workspaceCleanup = 'workspace-cleanup'

/**
 * One kind of thing that goes, at most so many at once, in the caller's transaction.
 * @returns how many were looked at: as many as the limit means that there may be more
 */
export type CleanupStep = {
  readonly name: string
  readonly atOnce: number
  /** What it does must not be undone by a crash of the database server: the commit waits for the disk. */
  readonly lasting?: true
  run(tx: TenantTransactor, limit: number): Promise<number>
}

export type WorkspaceCleanupDeps = { tenants: Tenants; steps: readonly CleanupStep[]; log: Log }

/** Of one step in one run: what cannot be moved is not looked at for ever, and what is left waits for the next hour. */
const mostRounds = 500

const Payload = z.object({ workspaceId: WorkspaceId })

/** Some of the steps failed; the others were taken. */
class CleanupError extends Error {
  override readonly name = 'CleanupError'

  constructor(readonly code: string) {
    super(`Not everything could be cleaned up (${code}).`)
  }
}

/** Takes all steps for one workspace, each in transactions that are short enough to be in nobody's way. */
export const createWorkspaceCleanup = ({ tenants, steps, log }: WorkspaceCleanupDeps): Job => ({
  name: workspaceCleanup,
  async run(payload, { signal }) {
    const { workspaceId } = Payload.parse(payload)
    const failures: string[] = []
    for (const { name, atOnce, lasting, run } of steps) {
      try {
        let total = 0
        for (let round = 0, more = true; more && round < mostRounds; round++) {
          signal.throwIfAborted()
          const count = await tenants.transact({ workspaceId }, tx => run(tx, atOnce), { hasty: lasting !== true })
          total += count
          more = count >= atOnce
        }
        if (total > 0) log.info('cleaned_up', { workspaceId, code: name, count: total })
      } catch (error) {
        if (signal.aborted) throw error
        log.warn('not_cleaned_up', { workspaceId, code: errorCode(error), job: name })
        failures.push(errorCode(error))
      }
    }
    if (failures[0] !== undefined) throw new CleanupError(failures[0])
  },
})
