import { sql } from 'kysely'
import { AuditContent, type AuditAction, type AuditDetail } from '../../contract/audit.js'
import type { TenantScope, TenantTransactor } from '../database/tenant-transaction.js'

export type Audited = {
  action: AuditAction
  /** Id of what it was done to. */
  target?: string
  detail?: AuditDetail
  /** `done` without it. */
  result?: AuditContent['result']
}

/**
 * Notes in the audit log of the workspace who did what: in the transaction of what it tells of, so that both are stored or neither is. Who
 * it was is read from the transaction's scope. Costs an insert; the chain is locked during the commit alone (`audit_chain` in the
 * migration).
 * @param who whose act it is, where the transaction itself acts for the workspace
 * @throws ZodError for anything that an entry must not hold: it is our mistake, and nothing is stored
 */
export async function audit(tx: TenantTransactor, audited: Audited, who: TenantScope = tx.scope): Promise<void> {
  const entry = auditEntry(who, audited)
  await sql`insert into audit_log (workspace_id, entry) values (${tx.scope.workspaceId}, ${entry}::jsonb)`.execute(
    tx.db,
  )
}

/** What the column `entry` holds, for a statement that notes in the log beside what it does itself. @throws ZodError as `audit` does */
export const auditEntry = (who: TenantScope, audited: Audited): string => JSON.stringify(contentOf(who, audited))

const addressForm = /^[0-9A-Za-z.:/%_-]{1,64}$/

function contentOf({ userId, by }: TenantScope, { action, target, detail, result = 'done' }: Audited): AuditContent {
  const address = by?.address
  return AuditContent.parse({
    action,
    result,
    by: by?.kind ?? (userId === undefined ? 'system' : 'user'),
    ...(userId !== undefined && { userId: userId.toLowerCase() }),
    ...(by?.keyId !== undefined && { keyId: by.keyId }),
    ...(address !== undefined && addressForm.test(address) && { address }),
    ...(target !== undefined && { target: target.toLowerCase() }),
    ...(detail !== undefined && { detail }),
  })
}
