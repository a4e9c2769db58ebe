import { sql } from 'kysely'
import type { LinkMethod, LinkMode, LinkPhase } from '../../contract/linking.js'
import { SessionId } from '../../contract/ids.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import { endedPhases } from './link-phase.js'
import './link-tables.js'

export type Attempt = {
  sessionId: SessionId
  mode: LinkMode
  method: LinkMethod
  phase: LinkPhase
  reason: string | null
  since: Date
  /** Milliseconds left by the database's clock. */
  expiresInMs: number
  qrExpiresInMs: number | null
  sealedQr: Buffer | null
  codeExpiresInMs: number | null
  sealedCode: Buffer | null
  codeEntered: boolean
  sealedNumber: Buffer | null
  /** Since the visitor's last noted sign of life. */
  unseenMs: number
}

const msUntil = (column: 'expires_at' | 'qr_expires_at' | 'code_expires_at') =>
  sql<number | null>`greatest(0, (extract(epoch from ${sql.ref(column)} - clock_timestamp()) * 1000)::int)`

const msSince = (column: 'since' | 'seen_at') =>
  sql<number>`(extract(epoch from clock_timestamp() - ${sql.ref(column)}) * 1000)::int`

function selectAttempts(tx: TenantReader) {
  return tx.db
    .selectFrom('link_attempts')
    .select(['session_id', 'mode', 'method', 'phase', 'reason', 'since', 'qr', 'code', 'code_entered'])
    .select(['expected_number', msUntil('expires_at').as('expires_in'), msUntil('qr_expires_at').as('qr_expires_in')])
    .select([msUntil('code_expires_at').as('code_expires_in'), msSince('seen_at').as('unseen')])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectAttempts>['execute']>>[number]

const attemptOf = (row: Row): Attempt => ({
  sessionId: SessionId.parse(row.session_id),
  mode: row.mode,
  method: row.method,
  phase: row.phase,
  reason: row.reason,
  since: row.since,
  expiresInMs: row.expires_in ?? 0,
  qrExpiresInMs: row.qr_expires_in,
  sealedQr: row.qr,
  codeExpiresInMs: row.code_expires_in,
  sealedCode: row.code,
  codeEntered: row.code_entered,
  sealedNumber: row.expected_number,
  unseenMs: row.unseen,
})

/** The attempt as its own visitor may find it: a foreign id and an unknown id are the same nothing. */
export async function findVisitorsAttempt(
  tx: TenantReader,
  visitorHash: Buffer,
  sessionId: SessionId,
): Promise<Attempt | null> {
  const row = await selectAttempts(tx)
    .where('session_id', '=', sessionId)
    .where('visitor_hash', '=', visitorHash)
    .executeTakeFirst()
  return row === undefined ? null : attemptOf(row)
}

/** The newest attempt of a browser. */
export async function latestAttempt(tx: TenantReader, visitorHash: Buffer): Promise<Attempt | null> {
  const row = await selectAttempts(tx)
    .where('visitor_hash', '=', visitorHash)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? null : attemptOf(row)
}

export type UnfinishedAttempt = {
  phase: LinkPhase
  mode: LinkMode
  method: LinkMethod
  reason: string | null
  phaseAgeMs: number
}

/** An unfinished attempt of a session, with the age of its phase in milliseconds. */
export async function unfinishedAttempt(tx: TenantReader, sessionId: SessionId): Promise<UnfinishedAttempt | null> {
  const row = await tx.db
    .selectFrom('link_attempts')
    .select(['phase', 'mode', 'method', 'reason', msSince('since').as('phaseAgeMs')])
    .where('session_id', '=', sessionId)
    .where('phase', 'not in', [...endedPhases])
    .executeTakeFirst()
  return row ?? null
}

/** Which of these attempts have ended in the database, and which wait in the queue without a visitor for so long. */
export async function endedOrLeft(
  tx: TenantReader,
  sessionIds: readonly SessionId[],
  leftAfterMs: number,
): Promise<{ sessionId: SessionId; left: boolean }[]> {
  const rows = await tx.db
    .selectFrom('link_attempts')
    .select(['session_id', 'phase', msSince('seen_at').as('unseen')])
    .where('session_id', 'in', [...sessionIds])
    .where('phase', 'in', ['queued', ...endedPhases])
    .execute()
  return rows
    .filter(({ phase, unseen }) => phase !== 'queued' || unseen > leftAfterMs)
    .map(({ session_id, phase }) => ({ sessionId: session_id as SessionId, left: phase === 'queued' }))
}
