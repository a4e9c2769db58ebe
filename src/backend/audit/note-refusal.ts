import { sql } from 'kysely'
import type { TenantReader, Tenants } from '../database/tenant-transaction.js'
import { scopeOf } from '../http/actor.js'
import type { NoteRefusal } from '../http/route.js'
import { errorCode, type Log } from '../log.js'
import { audit } from './audit.js'

/**
 * Writes refused commands into the audit log of the workspace they were given in. Whoever was refused hears that, whether or not it can be
 * written, and as nothing was done they do not wait for the disk.
 */
export function createNoteRefusal({ tenants, log }: { tenants: Pick<Tenants, 'transact'>; log: Log }): NoteRefusal {
  return async (by, { action, code, target }) => {
    const who = scopeOf(by)
    const { workspaceId } = who
    try {
      await tenants.transact(
        { workspaceId },
        async tx => {
          // the log of a workspace holds no id of another's
          const own = target !== undefined && (await isSessionHere(tx, target))
          await audit(tx, { action, result: 'refused', detail: { code }, ...(own && { target }) }, who)
        },
        { hasty: true },
      )
    } catch (error) {
      log.warn('refusal_not_audited', { code: errorCode(error) })
    }
  }
}

async function isSessionHere({ db, scope }: TenantReader, id: string): Promise<boolean> {
  const { rows } = await sql`select from sessions where workspace_id = ${scope.workspaceId} and id = ${id}`.execute(db)
  return rows.length > 0
}
