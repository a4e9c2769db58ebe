import { sql } from 'kysely'
import type { LinkMode, LinkPhase } from '../../contract/linking.js'
import { SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { Cell, Sealer } from '../vault/sealer.js'
import { endedPhases, phasesBefore } from './link-phase.js'
import './link-tables.js'

/** Longest time from start to scan (product contract L2). */
export const attemptLifetimeMs = 120_000

export type Attempt = {
  sessionId: SessionId
  mode: LinkMode
  phase: LinkPhase
  reason: string | null
  since: Date
  /** Milliseconds left by the database's clock. */
  expiresInMs: number
  qrExpiresInMs: number | null
  sealedQr: Buffer | null
}

const qrCell = (sessionId: string): Cell => ({ table: 'link_attempts', column: 'qr', row: sessionId })

/**
 * Until this transaction ends, nobody else can open an attempt for this browser: whoever wants to waits here and then finds this one.
 * Over all nodes, as row locks cannot do before there is a row.
 */
export async function lockVisitor(tx: TenantTransactor, visitorHash: Buffer): Promise<void> {
  await sql`select pg_advisory_xact_lock(${String(visitorHash.readBigInt64BE())}::bigint)`.execute(tx.db)
}

export async function insertAttempt(
  tx: TenantTransactor,
  attempt: { sessionId: SessionId; visitorHash: Buffer; nodeId: string; mode: LinkMode },
): Promise<void> {
  await tx.db
    .insertInto('link_attempts')
    .values({
      workspace_id: tx.scope.workspaceId,
      session_id: attempt.sessionId,
      visitor_hash: attempt.visitorHash,
      node_id: attempt.nodeId,
      mode: attempt.mode,
      phase: 'starting',
      expires_at: sql<Date>`clock_timestamp() + make_interval(secs => ${attemptLifetimeMs / 1000})`,
    })
    .execute()
}

/**
 * Moves an attempt forward. A QR is only kept while it is shown.
 * @returns whether it moved: an attempt that has ended meanwhile stays as it is
 */
export async function moveAttempt(
  tx: TenantTransactor,
  sessionId: SessionId,
  phase: LinkPhase,
  reason: string | null = null,
): Promise<boolean> {
  const moved = await tx.db
    .updateTable('link_attempts')
    .set({ phase, reason, since: sql<Date>`clock_timestamp()` })
    .$if(phase !== 'scanning', query => query.set({ qr: null, qr_expires_at: null }))
    .where('session_id', '=', sessionId)
    .where('phase', 'in', phasesBefore(phase))
    .returning('session_id')
    .executeTakeFirst()
  return moved !== undefined
}

export async function storeQr(
  tx: TenantTransactor,
  sealer: Sealer,
  sessionId: SessionId,
  qr: string,
  expiresInMs: number,
) {
  await tx.db
    .updateTable('link_attempts')
    .set({
      qr: sealer.seal(qrCell(sessionId), Buffer.from(qr)),
      qr_expires_at: sql<Date>`clock_timestamp() + make_interval(secs => ${expiresInMs / 1000})`,
    })
    .where('session_id', '=', sessionId)
    .where('phase', '=', 'scanning')
    .execute()
}

export function openQr(sealer: Sealer, sessionId: SessionId, sealed: Buffer): string {
  return sealer.open(qrCell(sessionId), sealed).toString('utf8')
}

const msUntil = (column: 'expires_at' | 'qr_expires_at') =>
  sql<number | null>`greatest(0, (extract(epoch from ${sql.ref(column)} - clock_timestamp()) * 1000)::int)`

function selectAttempts(tx: TenantReader) {
  return tx.db
    .selectFrom('link_attempts')
    .select(['session_id', 'mode', 'phase', 'reason', 'since', 'qr'])
    .select([msUntil('expires_at').as('expires_in'), msUntil('qr_expires_at').as('qr_expires_in')])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectAttempts>['execute']>>[number]

const attemptOf = (row: Row): Attempt => ({
  sessionId: SessionId.parse(row.session_id),
  mode: row.mode,
  phase: row.phase,
  reason: row.reason,
  since: row.since,
  expiresInMs: row.expires_in ?? 0,
  qrExpiresInMs: row.qr_expires_in,
  sealedQr: row.qr,
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

/** An unfinished attempt of a session, with the age of its phase in milliseconds. */
export async function unfinishedAttempt(
  tx: TenantReader,
  sessionId: SessionId,
): Promise<{ phase: LinkPhase; mode: LinkMode; reason: string | null; phaseAgeMs: number } | null> {
  const row = await tx.db
    .selectFrom('link_attempts')
    .select(['phase', 'mode', 'reason'])
    .select(sql<number>`(extract(epoch from clock_timestamp() - since) * 1000)::int`.as('age'))
    .where('session_id', '=', sessionId)
    .where('phase', 'not in', [...endedPhases])
    .executeTakeFirst()
  return row === undefined ? null : { phase: row.phase, mode: row.mode, reason: row.reason, phaseAgeMs: row.age }
}
