import type { Tenants } from '../database/tenant-transaction.js'
import { finishScopes } from './rotate-data-keys.js'
import type { Log } from '../log.js'
import type { Vault } from '../vault/vault.js'
import type { Job } from '../jobs/job.js'
import type { Scheduled } from '../jobs/schedule.js'

export const dataKeysAt: Scheduled = { job: 'data-keys', at: '37 * * * *' }

export type DataKeysDeps = { tenants: Tenants; vault: Vault; log: Log }

/**
 * Seals with the newest data key what an older one of the same session or workspace has sealed, wherever there are several, and deletes the
 * older ones once nothing has needed them for a while.
 */
export const createDataKeysJob = ({ tenants, vault, log }: DataKeysDeps): Job => ({
  name: dataKeysAt.job,
  async run(_payload, { signal }) {
    for (const workspaceId of await tenants.allIds()) {
      signal.throwIfAborted()
      const { rows, left } = await finishScopes({ tenants, vault }, workspaceId, signal)
      if (rows > 0) log.info('sealed_anew', { workspaceId, count: rows })
      if (left > 0) log.warn('not_sealed_anew', { workspaceId, count: left })
    }
  },
})
