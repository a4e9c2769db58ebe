import { sql } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantTransactor } from '../database/tenant-transaction.js'
import { signalKeyCell } from '../engine/key-cells.js'
import { dataCell, type EventLog } from '../events/event-log.js'
import { answerCell } from '../idempotency/idempotency.js'
import { lockLease } from '../leases/session-leases.js'
import { discardStaged } from '../linking/discard-attempt.js'
import { expectedNumber, isSameNumber } from '../linking/expected-number.js'
import { stagedPhases } from '../linking/link-phase.js'
import { VaultError } from '../vault/vault-error.js'
import type { Vault } from '../vault/vault.js'
import { digitsPattern, type Names } from './contact.js'
import { elsewhere, olderThan, type Looked, type Step } from './erase-step.js'

export type SealedDeps = { events: EventLog; vault: Vault }

/** What names a contact where only this gateway can read it: all of it is opened and looked at. */
export function sealedSteps(deps: SealedDeps): Step[] {
  return [linksStep(deps), eventsStep(deps), answersStep(deps)]
}

/** Ends links that wait for the contact's number. Not counted: whoever asks is not told that somebody links it. */
const linksStep =
  ({ events, vault }: SealedDeps): Step =>
  async (tx, { names, limit, before, after }) => {
    const { rows } = await sql<{ session_id: SessionId; node_id: string; expected_number: Buffer }>`
      select session_id, node_id, expected_number from link_attempts
      where expected_number is not null and phase = any(${[...stagedPhases]}) and ${elsewhere(names)} and ${olderThan(before)}
        and session_id > ${after ?? nil}::uuid order by session_id limit ${limit}`.execute(tx.db)
    for (const { session_id: sessionId, node_id: nodeId, expected_number: sealedNumber } of rows) {
      const typed = await ifOpens(() => expectedNumber(tx, vault, { sessionId, sealedNumber }))
      if (typed === null || !names.numbers.some(number => isSameNumber(typed, number))) continue
      await lockLease(tx, sessionId)
      const { workspaceId } = tx.scope
      await discardStaged({ events, vault }, tx, { workspaceId, sessionId, phase: 'cancelled', reason: 'left_early' })
      await events.wake(tx, nodeId)
    }
    return { deleted: 0, after: rows.length < limit ? null : (rows.at(-1)?.session_id ?? null) }
  }

const eventsStep =
  ({ vault }: SealedDeps): Step =>
  async (tx, { names, limit, before, after }) => {
    const { rows } = await sql<{ seq: string; data: Buffer }>`
      select seq, data from event_log
      where seq > ${after ?? '0'}::bigint and (session_id is null or ${elsewhere(names)}) and ${olderThan(before)}
      order by seq limit ${limit}`.execute(tx.db)
    const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
    const pattern = new RegExp(digitsPattern(names))
    const named: string[] = []
    for (const { seq, data } of rows) {
      const opened = await ifOpens(() => sealer.open(tx, dataCell(BigInt(seq)), data))
      if (opened !== null && pattern.test(opened)) named.push(seq)
    }
    if (named.length > 0) await sql`delete from event_log where seq = any(${named}::bigint[])`.execute(tx.db)
    return { deleted: named.length, after: rows.length < limit ? null : (rows.at(-1)?.seq ?? null) }
  }

/** Answers that are kept for whoever asks again with the same key. */
const answersStep =
  ({ vault }: SealedDeps): Step =>
  async (tx, { names, limit, before, after }) => {
    const { rows } = await sql<{ id: string; answer: Buffer }>`
      select id, answer from idempotent_requests
      where answer is not null and id > ${after ?? nil}::uuid and ${olderThan(before)} order by id limit ${limit}`.execute(
      tx.db,
    )
    const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
    const pattern = new RegExp(digitsPattern(names))
    const named: string[] = []
    for (const { id, answer } of rows) {
      const opened = await ifOpens(() => sealer.open(tx, answerCell(id), answer))
      if (opened !== null && pattern.test(opened)) named.push(id)
    }
    if (named.length > 0) await sql`delete from idempotent_requests where id = any(${named}::uuid[])`.execute(tx.db)
    return { deleted: named.length, after: rows.length < limit ? null : (rows.at(-1)?.id ?? null) }
  }

/** What a session notes of a group names its members: without the note it gives them the key of the group anew. */
export const groupNotesStep =
  ({ vault }: SealedDeps): Step =>
  async (tx, { names, limit, after }): Promise<Looked> => {
    const from = after === null ? { sessionId: nil, id: '' } : (JSON.parse(after) as { sessionId: string; id: string })
    const { rows } = await sql<{ session_id: SessionId; id: string; value: Buffer }>`
      select session_id, id, value from signal_keys
      where type = ${noteType} and (session_id, id) > (${from.sessionId}::uuid, ${from.id}) and ${elsewhere(names)}
      order by session_id, id limit ${limit}`.execute(tx.db)
    const named = await namedNotes(vault, tx, names, rows)
    for (const { session_id: sessionId, id } of named) {
      await lockLease(tx, sessionId)
      await tx.db
        .deleteFrom('signal_keys')
        .where('session_id', '=', sessionId)
        .where('type', '=', noteType)
        .where('id', '=', id)
        .execute()
    }
    const last = rows.at(-1)
    const more = rows.length === limit && last !== undefined
    return { deleted: named.length, after: more ? JSON.stringify({ sessionId: last.session_id, id: last.id }) : null }
  }

const noteType = 'sender-key-memory'

async function namedNotes<Row extends { session_id: SessionId; id: string; value: Buffer }>(
  vault: Vault,
  tx: TenantTransactor,
  names: Names,
  rows: readonly Row[],
): Promise<Row[]> {
  const { workspaceId } = tx.scope
  const pattern = new RegExp(digitsPattern(names))
  const named: Row[] = []
  for (const row of rows) {
    const { session_id: sessionId, id, value } = row
    const opened = await ifOpens(async () => {
      const sealer = await vault.sealer(tx, { workspaceId, sessionId })
      return sealer.open(tx, signalKeyCell(sessionId, noteType, id), value)
    })
    if (opened !== null && pattern.test(opened)) named.push(row)
  }
  return named
}

/** Below every id. */
const nil = '00000000-0000-0000-0000-000000000000'

/** What no key opens any more names nobody, and holds up no erasure. */
async function ifOpens(open: () => Promise<Buffer | string | null>): Promise<string | null> {
  try {
    return (await open())?.toString() ?? null
  } catch (error) {
    if (error instanceof VaultError) return null
    throw error
  }
}
