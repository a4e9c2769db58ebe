import { randomUUID } from 'node:crypto'
import { sql, type Generated, type RawBuilder } from 'kysely'
import { MessageId, type SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { BuiltMessage } from '../engine/engine.js'
import type { Cell } from '../vault/sealer.js'
import type { Sealer } from '../vault/sealer.js'

/** `unconfirmed`: bytes may have left without a verdict; sent again under the same id with the same bytes. */
export type OutboxState = 'queued' | 'sending' | 'unconfirmed' | 'sent' | 'failed'

export type Verdict = Extract<OutboxState, 'sent' | 'failed'>

/** `secret`: its bytes are erased once they are no longer needed. `farewell`: after its verdict the device is taken off the account. */
export type OutboxKind = 'secret' | 'notice' | 'farewell'

export type OutboxMessagesTable = {
  workspace_id: string
  id: string
  session_id: string
  position: Generated<string>
  kind: OutboxKind
  recipient: string
  wa_message_id: string
  proto: Buffer | null
  state: Generated<OutboxState>
  attempts: Generated<number>
  /** How often WhatsApp has ended a connection over it. */
  rejections: Generated<number>
  error_code: string | null
  follows: string | null
  follows_when: Verdict | null
  created_at: Generated<Date>
  settled_at: Date | null
}

declare module '../database/schema.js' {
  interface TenantSchema {
    outbox_messages: OutboxMessagesTable
  }
}

export type OutboxMessage = { id: MessageId; kind: OutboxKind; built: BuiltMessage }

/** Longest time that a secret waits for its verdict once its link has finished. */
const secretLimit = '10 minutes'

const openStates: OutboxState[] = ['queued', 'sending', 'unconfirmed']

export const protoCell = (id: string): Cell => ({ table: 'outbox_messages', column: 'proto', row: id })

export type NewMessage = {
  kind: OutboxKind
  built: BuiltMessage
  /** An earlier message of the session: this one goes out behind it if that one's verdict is this, and is dropped otherwise. */
  follows?: { id: MessageId; when: Verdict }
}

/** Stores a message before anything is sent: its WhatsApp id and its bytes are final from here on. */
export async function enqueueMessage(
  tx: TenantTransactor,
  sealer: Sealer,
  sessionId: SessionId,
  { kind, built, follows }: NewMessage,
): Promise<MessageId> {
  const id = MessageId.parse(randomUUID())
  await tx.db
    .insertInto('outbox_messages')
    .values({
      workspace_id: tx.scope.workspaceId,
      id,
      session_id: sessionId,
      kind,
      recipient: built.to,
      wa_message_id: built.waMessageId,
      proto: await sealer.seal(tx, protoCell(id), built.proto),
      follows: follows?.id ?? null,
      follows_when: follows?.when ?? null,
    })
    .execute()
  return id
}

/** The first message of a session that has no verdict yet: the lane sends strictly in order. */
export async function nextOpenMessage(
  tx: TenantReader,
  sealer: Sealer,
  sessionId: SessionId,
): Promise<OutboxMessage | null> {
  const row = await tx.db
    .selectFrom('outbox_messages')
    .select(['id', 'kind', 'recipient', 'wa_message_id', 'proto'])
    .where('session_id', '=', sessionId)
    .where('state', 'in', openStates)
    .orderBy('position')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined || row.proto === null) return null
  const proto = await sealer.open(tx, protoCell(row.id), row.proto)
  return {
    id: MessageId.parse(row.id),
    kind: row.kind,
    built: { to: row.recipient, waMessageId: row.wa_message_id, proto },
  }
}

/** The attempt is noted before its first byte leaves. */
export async function noteAttempt(tx: TenantTransactor, id: MessageId): Promise<void> {
  await tx.db
    .updateTable('outbox_messages')
    .set(row => ({ state: 'sending', attempts: row('attempts', '+', 1) }))
    .where('id', '=', id)
    .where('state', 'in', openStates)
    .execute()
}

/** States only move forward: a verdict is never taken back. What WhatsApp has refused no device can ask for: its bytes go. */
export async function noteOutcome(
  tx: TenantTransactor,
  id: MessageId,
  state: 'unconfirmed' | Verdict,
  errorCode: string | null = null,
): Promise<void> {
  const noted = await tx.db
    .updateTable('outbox_messages')
    .set({ state, error_code: errorCode, settled_at: state === 'unconfirmed' ? null : new Date() })
    .$if(state === 'failed', query => query.set({ proto: null }))
    .where('id', '=', id)
    .where('state', 'in', openStates)
    .returning('id')
    .execute()
  if (state !== 'unconfirmed') await dropFollowers(tx, noted, state === 'sent' ? ['failed'] : ['sent'])
}

/** So often WhatsApp may end a connection over one message before it is given up, so that the others go on. */
const mostRejections = 2

/**
 * WhatsApp has ended the connection over this message, or over something else that has no verdict.
 * @returns whether it was given up over this
 */
export async function noteRejection(tx: TenantTransactor, sessionId: SessionId, waMessageId: string): Promise<boolean> {
  const row = await tx.db
    .updateTable('outbox_messages')
    .set(old => ({ rejections: old('rejections', '+', 1) }))
    .where('session_id', '=', sessionId)
    .where('wa_message_id', '=', waMessageId)
    .where('state', 'in', openStates)
    .returning(['id', 'rejections'])
    .executeTakeFirst()
  if (row === undefined || row.rejections < mostRejections) return false
  await noteOutcome(tx, MessageId.parse(row.id), 'failed', 'protocol_rejected')
  return true
}

/**
 * The stored bytes of a message of ours, for a device of its own chat that could not decrypt it. The id alone is not enough: whoever
 * learnt one would be sent the message.
 * @param chat JID without device, as a number or as the account's own LID
 */
export async function sentMessage(
  tx: TenantReader,
  sealer: Sealer,
  sessionId: SessionId,
  { chat, waMessageId }: { chat: string; waMessageId: string },
): Promise<Uint8Array | null> {
  const row = await tx.db
    .selectFrom('outbox_messages as m')
    .innerJoin('sessions as s', 's.id', 'm.session_id')
    .select(['m.id', 'm.proto'])
    .where('m.session_id', '=', sessionId)
    .where('m.wa_message_id', '=', waMessageId)
    .where(
      sql<boolean>`(m.recipient = ${chat} or (m.recipient = s.phone_number || '@s.whatsapp.net' and s.lid = ${chat}))`,
    )
    .executeTakeFirst()
  return row?.proto ? sealer.open(tx, protoCell(row.id), row.proto) : null
}

export type LaneSummary = { open: number; sent: number; failed: number }

export async function laneSummary(tx: TenantReader, sessionId: SessionId): Promise<LaneSummary> {
  const rows = await tx.db
    .selectFrom('outbox_messages')
    .select(['state', row => row.fn.countAll<string>().as('count')])
    .where('session_id', '=', sessionId)
    .groupBy('state')
    .execute()
  const count = (states: OutboxState[]) =>
    rows.filter(row => states.includes(row.state)).reduce((sum, row) => sum + Number(row.count), 0)
  return { open: count(openStates), sent: count(['sent']), failed: count(['failed']) }
}

/**
 * Secrets do not stay: only the fact remains. One that has no verdict yet is given up, so that it holds up nothing behind it, and nothing is
 * said about it: nobody knows when this session could say it.
 */
export async function eraseSecrets(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await dropFollowers(tx, await eraseSecretsThat(tx, sessionId, sql`true`), ['sent', 'failed'])
}

/** As `eraseSecrets`, of those that have their verdict, or have waited for it too long: whoever waited is told. */
export async function eraseDelivered(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  const waitedTooLong = sql`created_at < clock_timestamp() - ${secretLimit}::interval`
  const givenUp = await eraseSecretsThat(tx, sessionId, sql`(state in ('sent', 'failed') or ${waitedTooLong})`)
  await dropFollowers(tx, givenUp, ['sent'])
}

/** @returns those that were given up by this */
async function eraseSecretsThat(tx: TenantTransactor, sessionId: SessionId, condition: RawBuilder<unknown>) {
  const { rows } = await sql<{ id: string; given_up: boolean }>`
    update outbox_messages m set
      proto = null,
      error_code = case when m.state in ('sent', 'failed') then m.error_code else 'given_up' end,
      settled_at = coalesce(m.settled_at, clock_timestamp()),
      state = case when m.state in ('sent', 'failed') then m.state else 'failed' end
    from (
      select id, state not in ('sent', 'failed') as given_up from outbox_messages
      where session_id = ${sessionId} and kind = 'secret' and proto is not null and ${condition} for update
    ) as found
    where m.id = found.id returning m.id, found.given_up`.execute(tx.db)
  return rows.filter(row => row.given_up)
}

/** What will not be said about messages any more, because it is not true of them. */
async function dropFollowers(tx: TenantTransactor, of: readonly { id: string }[], when: Verdict[]): Promise<void> {
  if (of.length === 0) return
  await tx.db
    .deleteFrom('outbox_messages')
    .where(
      'follows',
      'in',
      of.map(({ id }) => id),
    )
    .where('follows_when', 'in', when)
    .where('state', 'in', openStates)
    .execute()
}

/** What waits to be said is not said any more; a farewell is. */
export async function dropNotices(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db
    .deleteFrom('outbox_messages')
    .where('session_id', '=', sessionId)
    .where('kind', '=', 'notice')
    .where('state', 'in', openStates)
    .execute()
}

/** The device stays on the account after all, as far as its farewell has not had its verdict. */
export async function dropFarewells(tx: TenantTransactor, sessionId: SessionId): Promise<void> {
  await tx.db
    .deleteFrom('outbox_messages')
    .where('session_id', '=', sessionId)
    .where('kind', '=', 'farewell')
    .where('state', 'in', openStates)
    .execute()
}

/** Whether a farewell waits for its verdict. */
export async function hasFarewell(tx: TenantReader, sessionId: SessionId): Promise<boolean> {
  const row = await tx.db
    .selectFrom('outbox_messages')
    .select('id')
    .where('session_id', '=', sessionId)
    .where('kind', '=', 'farewell')
    .where('state', 'in', openStates)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
