import { AuditContent, type AuditEntry, type AuditHead, type AuditPage, type AuditQuery } from '../../contract/audit.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import './audit-tables.js'

const usualPage = 50

/** One more than a page has, newest first. */
export function auditRows(tx: TenantReader, query: AuditQuery) {
  const { limit = usualPage, before, action, userId, target, since, until } = query
  let rows = tx.db
    .selectFrom('audit_log')
    .select(['seq', 'at', 'entry', 'hash'])
    .where('seq', 'is not', null)
    .orderBy('seq', 'desc')
    .limit(limit + 1)
  if (before !== undefined) rows = rows.where('seq', '<', before)
  if (action !== undefined) rows = rows.where('action', '=', action)
  if (userId !== undefined) rows = rows.where('user_id', '=', userId)
  if (target !== undefined) rows = rows.where('target', '=', target)
  if (since !== undefined) rows = rows.where('at', '>=', new Date(since))
  if (until !== undefined) rows = rows.where('at', '<', new Date(until))
  return rows
}

/** Entries that the scope may see, newest first. */
export async function readAudit(tx: TenantReader, query: AuditQuery): Promise<AuditPage> {
  const { limit = usualPage } = query
  const found = await auditRows(tx, query).execute()
  const entries = found.slice(0, limit).map(({ seq, at, entry, hash }): AuditEntry => ({
    seq: String(seq),
    at: at.toISOString(),
    ...AuditContent.parse(entry),
    hash: hash?.toString('hex') ?? '',
  }))
  const last = entries.at(-1)
  return { entries, next: found.length > limit && last ? last.seq : null, head: await auditHead(tx) }
}

/** @returns null before the first entry */
export async function auditHead(tx: TenantReader): Promise<AuditHead | null> {
  const row = await tx.db.selectFrom('audit_heads').select(['seq', 'hash']).executeTakeFirst()
  return row === undefined ? null : { seq: row.seq, hash: row.hash.toString('hex') }
}
