import { sql, type Generated } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'

/** `given`: what was asked for. `enough`: that there were too many. `none`: silence after that. */
export type AnswerKind = 'given' | 'enough' | 'none'

export type OwnChatCommandsTable = {
  workspace_id: string
  session_id: string
  wa_message_id: string
  answer: Generated<AnswerKind>
  created_at: Generated<Date>
}

declare module '../database/schema.js' {
  interface TenantSchema {
    own_chat_commands: OwnChatCommandsTable
  }
}

/** Answers within an hour: a person needs a few, a program that answers itself, or a stuck key, would go on for ever. */
const answersPerHour = 30

/** How a session's next command is to be answered. The caller has locked the session, so that commands are counted one after the other. */
export async function nextAnswer(tx: TenantReader, sessionId: SessionId): Promise<AnswerKind> {
  const { rows } = await sql<{ given: number; silent: boolean | null }>`
    select count(*) filter (where answer = 'given')::int as given, bool_or(answer = 'enough') as silent
    from own_chat_commands
    where session_id = ${sessionId} and created_at > now() - interval '1 hour'`.execute(tx.db)
  const { given = 0, silent = false } = rows[0] ?? {}
  if (silent === true) return 'none'
  return given < answersPerHour ? 'given' : 'enough'
}

/**
 * Takes a message to be answered, in the transaction that stores the answer.
 * @returns whether it is the first to do so: an engine may tell of a message again
 */
export async function claimCommand(
  tx: TenantTransactor,
  sessionId: SessionId,
  waMessageId: string,
  answer: AnswerKind,
): Promise<boolean> {
  const claimed = await tx.db
    .insertInto('own_chat_commands')
    .values({ workspace_id: tx.scope.workspaceId, session_id: sessionId, wa_message_id: waMessageId, answer })
    .onConflict(conflict => conflict.columns(['workspace_id', 'session_id', 'wa_message_id']).doNothing())
    .returning('wa_message_id')
    .executeTakeFirst()
  return claimed !== undefined
}

/** Ids of the messages that were taken within so many seconds. */
export async function takenCommands(tx: TenantReader, sessionId: SessionId, seconds: number): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select wa_message_id as id from own_chat_commands
    where session_id = ${sessionId} and created_at > now() - make_interval(secs => ${seconds})`.execute(tx.db)
  return new Set(rows.map(({ id }) => id))
}

/** Commands are answered within a day of being written; a day more for clocks that differ. */
const remembered = '2 days'

/**
 * Longer than what a session's owner wrote to themselves can be of use here: commands are looked for within the hour. What is older than
 * a week is not looked through again each time; if nothing ran for so long, it goes with the rest of the journal.
 */
const ownChat = { kept: '1 day', lookedThrough: '8 days' }

/** Forgets which commands were answered, once none of them would be answered again. @returns how many */
export async function forgetCommands(tx: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from own_chat_commands where (workspace_id, session_id, wa_message_id) in (
      select workspace_id, session_id, wa_message_id from own_chat_commands
      where created_at < now() - ${remembered}::interval limit ${limit} for update skip locked
    ) returning 1`.execute(tx.db)
  return rows.length
}

/**
 * Forgets what owners of sessions wrote into their own chats, as the journal kept it. Should WhatsApp tell such a message once more after
 * that, it cannot be read again: nothing but commands is read there, and theirs is taken by then.
 * @returns how many
 */
export async function forgetOwnChats(tx: TenantTransactor, limit: number): Promise<number> {
  const { rows } = await sql`
    delete from inbound_journal where (workspace_id, session_id, hash) in (
      select j.workspace_id, j.session_id, j.hash
      from sessions s join inbound_journal j on j.workspace_id = s.workspace_id and j.session_id = s.id
      where j.stanza ->> 'recipient' is not null
        and j.stanza ->> 'recipient' = any (array[s.phone_number || '@s.whatsapp.net', s.lid])
        and j.created_at between now() - ${ownChat.lookedThrough}::interval and now() - ${ownChat.kept}::interval
      limit ${limit} for update of j skip locked
    ) returning 1`.execute(tx.db)
  return rows.length
}

/** Whether a session of this account has sent the message from here: what a template says is no command, even if it is one word. */
export async function isFromHere(tx: TenantReader, personId: string, waMessageId: string): Promise<boolean> {
  const row = await tx.db
    .selectFrom('sessions as s')
    .innerJoin('outbox_messages as m', join =>
      join.onRef('m.workspace_id', '=', 's.workspace_id').onRef('m.session_id', '=', 's.id'),
    )
    .select('m.id')
    .where('s.person_id', '=', personId)
    .where('m.wa_message_id', '=', waMessageId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
