import type { Tenants } from '../database/tenant-transaction.js'
import { scopeOf } from '../http/actor.js'
import type { NoteRefusal } from '../http/route.js'
import { errorCode, type Log } from '../log.js'
import { audit } from './audit.js'

/** Writes refused commands into the audit log of the workspace they were given in. Whoever was refused hears that, whether or not it can be written. */
export function createNoteRefusal({ tenants, log }: { tenants: Pick<Tenants, 'transact'>; log: Log }): NoteRefusal {
  return async (by, { action, code, target }) => {
    try {
      await tenants.transact(scopeOf(by), tx =>
        audit(tx, { action, result: 'refused', detail: { code }, ...(target !== undefined && { target }) }),
      )
    } catch (error) {
      log.warn('refusal_not_audited', { code: errorCode(error) })
    }
  }
}
