import { sql } from 'kysely'
import { WorkspaceId } from '../../contract/ids.js'
import type { Job } from '../jobs/job.js'
import type { Scheduled } from '../jobs/schedule.js'
import { errorCode, type Log } from '../log.js'
import type { Vault } from '../vault/vault.js'
import { beginErasure } from './begin-erasure.js'
import { sweepContacts, type SweepDeps } from './sweep.js'
import { copyTombstones, forgottenTombstones, putBackTombstones } from './tombstone-file.js'

export const sweepJob = 'privacy-sweep'

/** Every hour. */
export const sweepAt: Scheduled = { job: sweepJob, at: '37 * * * *' }

export type SweepJobDeps = Omit<SweepDeps, 'vault'> & { vault: Vault; dataDir: string; log: Log }

/**
 * Keeps erased what was erased: copies the tombstones beside the database, and takes away what has come back by a late message, or by an older
 * database that was put back. A workspace that has come back is erased again.
 */
export function createSweepJob(deps: SweepJobDeps): Job {
  const { database, tenants, vault, dataDir, log } = deps
  const notKept = (error: unknown): [] => {
    log.warn('tombstones_not_copied', { code: errorCode(error), hint: 'make DATA_DIR writable' })
    return []
  }
  return {
    name: sweepJob,
    async run(_payload, { signal }) {
      const forgotten = await forgottenTombstones(database, dataDir).catch(notKept)
      const kinds = new Map<string, boolean>(forgotten.map(line => [line.workspaceId, line.kind === 'workspace']))
      const { rows } = await database.system(({ db }) =>
        sql<{ id: string; whole: boolean }>`
          select workspace_id as id, bool_or(kind = 'workspace') as whole from tombstones group by 1`.execute(db),
      )
      for (const { id, whole } of rows) kinds.set(id, whole || kinds.get(id) === true)
      for (const [id, whole] of kinds) {
        signal.throwIfAborted()
        const workspaceId = WorkspaceId.parse(id)
        const ofIt = forgotten.filter(line => line.workspaceId === id)
        const again = whole ? await eraseAgain(workspaceId) : await sweepContacts(deps, workspaceId, ofIt)
        if (again > 0) log.warn('erased_again', { workspaceId, count: again })
      }
      await putBackTombstones(database, forgotten)
      await copyTombstones(database, dataDir).catch(notKept)
    },
  }

  /** @returns 1 when it had come back and nobody erases it yet */
  async function eraseAgain(workspaceId: WorkspaceId): Promise<number> {
    return tenants.transact({ workspaceId }, async tx => {
      const { rows } = await sql`
        select from workspaces where not exists (select from erasures where kind = 'workspace' and done_at is null)`.execute(
        tx.db,
      )
      if (rows.length === 0) return 0
      await beginErasure(tx, vault, null)
      return 1
    })
  }
}
