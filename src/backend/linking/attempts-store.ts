import { sql } from 'kysely'
import type { LinkMethod, LinkMode, LinkPhase } from '../../contract/linking.js'
import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import type { Sealer } from '../vault/sealer.js'
import { codeCell, qrCell } from './attempt-cells.js'
import { phasesBefore, stagedPhases } from './link-phase.js'
import './link-tables.js'

/** Longest time from the attempt's turn to the scan; by code, to the code (product contract L2). */
export const attemptLifetimeMs = 120_000

const after = (ms: number) => sql<Date>`clock_timestamp() + make_interval(secs => ${ms / 1000})`

/**
 * Until this transaction ends, nobody else can open an attempt for this browser: whoever wants to waits here and then finds this one.
 * Over all nodes, as row locks cannot do before there is a row.
 */
export async function lockVisitor(tx: TenantTransactor, visitorHash: Buffer): Promise<void> {
  await sql`select pg_advisory_xact_lock(${String(visitorHash.readBigInt64BE())}::bigint)`.execute(tx.db)
}

/** The same for an id that somebody has chosen. */
export async function lockId(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await lockVisitor(tx, Buffer.from(sessionId.replaceAll('-', ''), 'hex'))
}

/** The name that the session is to get, sealed as the attempt's. */
export async function attemptName(tx: TenantTransactor, sessionId: SessionId): Promise<Buffer | null> {
  const row = await tx.db
    .selectFrom('link_attempts')
    .select('name')
    .where('session_id', '=', sessionId)
    .executeTakeFirst()
  return row?.name ?? null
}

/** Forgets an attempt that has ended. Everything but its row is gone by then. */
export async function forgetAttempt(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db.deleteFrom('link_attempts').where('session_id', '=', sessionId).execute()
}

export type NewAttempt = {
  sessionId: SessionId
  visitorHash: Buffer
  nodeId: string
  placeId: SessionId
  startedBy: 'visitor' | 'service'
  /** Without it the workspace's default user. */
  ownerId: string | undefined
  mode: LinkMode
  method: LinkMethod
  deliver: boolean
  phase: Extract<LinkPhase, 'queued' | 'starting'>
  /** Sealed. */
  expectedNumber: Buffer | null
  /** Sealed. */
  name: Buffer | null
}

export async function insertAttempt(tx: TenantTransactor, attempt: NewAttempt): Promise<void> {
  await tx.db
    .insertInto('link_attempts')
    .values({
      workspace_id: tx.scope.workspaceId,
      session_id: attempt.sessionId,
      visitor_hash: attempt.visitorHash,
      node_id: attempt.nodeId,
      place_id: attempt.placeId,
      started_by: attempt.startedBy,
      owner_id: attempt.ownerId,
      mode: attempt.mode,
      method: attempt.method,
      deliver: attempt.deliver,
      phase: attempt.phase,
      expected_number: attempt.expectedNumber,
      name: attempt.name,
      expires_at: after(attemptLifetimeMs),
    })
    .execute()
}

/**
 * Moves an attempt forward. A QR or code is only kept while it is shown, the number it is for until it has been compared.
 * @returns whether it moved: an attempt that has ended meanwhile stays as it is
 */
export async function moveAttempt(
  tx: TenantTransactor,
  sessionId: SessionId,
  phase: LinkPhase,
  reason: string | null = null,
): Promise<boolean> {
  const staged = stagedPhases.some(each => each === phase)
  const moved = await tx.db
    .updateTable('link_attempts')
    .set({ phase, reason, since: sql<Date>`clock_timestamp()` })
    .$if(phase === 'starting', query => query.set({ expires_at: after(attemptLifetimeMs) }))
    .$if(phase !== 'scanning', query => query.set({ qr: null, qr_expires_at: null, code: null, code_expires_at: null }))
    .$if(!staged, query => query.set({ expected_number: null, name: null }))
    .where('session_id', '=', sessionId)
    .where('phase', 'in', phasesBefore(phase))
    .returning('session_id')
    .executeTakeFirst()
  return moved !== undefined
}

/**
 * Keeps the QR that is shown; with the first one the attempt moves to `scanning`.
 * @returns whether it is shown: an attempt that has ended meanwhile stays as it is
 */
export async function storeQr(
  tx: TenantTransactor,
  sealer: Sealer,
  sessionId: SessionId,
  { qr, expiresInMs, first }: { qr: string; expiresInMs: number; first: boolean },
): Promise<boolean> {
  const sealed = { qr: await sealer.seal(tx, qrCell(sessionId), Buffer.from(qr)), qr_expires_at: after(expiresInMs) }
  return show(tx, sessionId, sealed, first)
}

/**
 * Keeps the code that is shown, and moves the attempt to `scanning`. The attempt lives as long as its code.
 * @returns whether it is shown: an attempt that has ended meanwhile stays as it is
 */
export async function storeCode(
  tx: TenantTransactor,
  sealer: Sealer,
  sessionId: SessionId,
  { code, expiresInMs }: { code: string; expiresInMs: number },
): Promise<boolean> {
  const expiry = after(expiresInMs)
  const sealed = { code: await sealer.seal(tx, codeCell(sessionId), Buffer.from(code)), code_expires_at: expiry }
  return show(tx, sessionId, { ...sealed, expires_at: expiry }, true)
}

type Expiry = ReturnType<typeof after>
type Shown = { qr: Buffer; qr_expires_at: Expiry } | { code: Buffer; code_expires_at: Expiry; expires_at: Expiry }

/** One statement, because somebody waits for the picture. */
async function show(tx: TenantTransactor, sessionId: SessionId, shown: Shown, first: boolean): Promise<boolean> {
  const row = await tx.db
    .updateTable('link_attempts')
    .set(shown)
    .$if(first, query => query.set({ phase: 'scanning', reason: null, since: sql<Date>`clock_timestamp()` }))
    .where('session_id', '=', sessionId)
    .where('phase', 'in', first ? phasesBefore('scanning') : ['scanning'])
    .returning('session_id')
    .executeTakeFirst()
  return row !== undefined
}

/**
 * The attempt lives on for as long as the phone may take to finish.
 * @returns whether the code was still shown
 */
export async function noteCodeEntered(
  tx: TenantTransactor,
  sessionId: SessionId,
  { expiresInMs }: { expiresInMs: number },
): Promise<boolean> {
  const noted = await tx.db
    .updateTable('link_attempts')
    .set({ code_entered: true, expires_at: after(expiresInMs) })
    .where('session_id', '=', sessionId)
    .where('phase', '=', 'scanning')
    .returning('session_id')
    .executeTakeFirst()
  return noted !== undefined
}

/**
 * The visitor of an attempt in the queue is still there.
 * @returns whether it still waits
 */
export async function noteSeen(tx: TenantTransactor, sessionId: SessionId): Promise<boolean> {
  const noted = await tx.db
    .updateTable('link_attempts')
    .set({ seen_at: sql<Date>`clock_timestamp()` })
    .where('session_id', '=', sessionId)
    .where('phase', '=', 'queued')
    .returning('session_id')
    .executeTakeFirst()
  return noted !== undefined
}
