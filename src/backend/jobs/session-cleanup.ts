import type { Tenants } from '../database/tenant-transaction.js'
import { addJob } from './add-job.js'
import type { Job } from './job.js'
import { workspaceCleanup } from './workspace-cleanup.js'

export type SessionCleanupDeps = { tenants: Tenants }

/**
 * Has every workspace cleaned up (product contract S7): one job for each, so that one workspace that cannot be cleaned holds up no other, and
 * nodes share them out.
 */
export const createSessionCleanup = ({ tenants }: SessionCleanupDeps): Job => ({
  name: 'session-cleanup',
  async run(_payload, { signal }) {
    for (const workspaceId of await tenants.allIds()) {
      signal.throwIfAborted()
      await tenants.transact({ workspaceId }, tx =>
        addJob(tx, { name: workspaceCleanup, payload: { workspaceId }, key: `${workspaceCleanup} ${workspaceId}` }),
      )
    }
  },
})
