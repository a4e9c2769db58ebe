import { sql } from 'kysely'
import type { LinkMethod, LinkMode, LinkPhase } from '../../contract/linking.js'
import { SessionId, UserId } from '../../contract/ids.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import { endedPhases, stagedPhases } from './link-phase.js'
import './link-tables.js'

export type Attempt = {
  sessionId: SessionId
  /** In the queue. */
  placeId: SessionId
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
  sealedName: Buffer | null
  startedBy: 'visitor' | 'service'
  ownerId: UserId
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
    .select(['started_by', 'name', 'place_id', 'owner_id'])
    .select(['expected_number', msUntil('expires_at').as('expires_in'), msUntil('qr_expires_at').as('qr_expires_in')])
    .select([msUntil('code_expires_at').as('code_expires_in'), msSince('seen_at').as('unseen')])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectAttempts>['execute']>>[number]

const attemptOf = (row: Row): Attempt => ({
  sessionId: SessionId.parse(row.session_id),
  placeId: SessionId.parse(row.place_id ?? row.session_id),
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
  sealedName: row.name,
  startedBy: row.started_by,
  ownerId: UserId.parse(row.owner_id),
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

/** An attempt by its id, whoever has started it: for those who may know of all of them. */
export async function findAttempt(tx: TenantReader, sessionId: SessionId): Promise<Attempt | null> {
  const row = await selectAttempts(tx).where('session_id', '=', sessionId).executeTakeFirst()
  return row === undefined ? null : attemptOf(row)
}

/** `only`: those and no others, of which there is at least one. */
export type ServiceAttemptsPage = {
  after: SessionId | null
  limit: number
  only: ReadonlySet<SessionId> | null
}

/** Attempts of services that are under way and no session yet, by id, after the given one. */
export async function stagedOfServices(
  tx: TenantReader,
  { after, limit, only }: ServiceAttemptsPage,
): Promise<Attempt[]> {
  let query = selectAttempts(tx)
    .where('started_by', '=', 'service')
    .where('phase', 'in', [...stagedPhases])
    .orderBy('session_id')
    .limit(limit)
  if (after !== null) query = query.where('session_id', '>', after)
  if (only !== null) query = query.where('session_id', 'in', [...only])
  return (await query.execute()).map(attemptOf)
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
    .select(['session_id', 'phase', 'started_by', msSince('seen_at').as('unseen')])
    .where('session_id', 'in', [...sessionIds])
    .where('phase', 'in', ['queued', ...endedPhases])
    .execute()
  return (
    rows
      // a service is not a page that somebody closes
      .filter(row => row.phase !== 'queued' || (row.started_by === 'visitor' && row.unseen > leftAfterMs))
      .map(({ session_id, phase }) => ({ sessionId: session_id as SessionId, left: phase === 'queued' }))
  )
}
