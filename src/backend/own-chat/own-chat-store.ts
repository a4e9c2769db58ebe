import { sql, type Generated } from 'kysely'
import type { SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'

export type OwnChatCommandsTable = {
  workspace_id: string
  session_id: string
  wa_message_id: string
  created_at: Generated<Date>
}

declare module '../database/schema.js' {
  interface TenantSchema {
    own_chat_commands: OwnChatCommandsTable
  }
}

/**
 * Takes a message to be answered, in the transaction that stores the answer.
 * @returns whether it is the first to do so: an engine may tell of a message again
 */
export async function claimCommand(tx: TenantTransactor, sessionId: SessionId, waMessageId: string): Promise<boolean> {
  const claimed = await tx.db
    .insertInto('own_chat_commands')
    .values({ workspace_id: tx.scope.workspaceId, session_id: sessionId, wa_message_id: waMessageId })
    .onConflict(conflict => conflict.columns(['workspace_id', 'session_id', 'wa_message_id']).doNothing())
    .returning('wa_message_id')
    .executeTakeFirst()
  return claimed !== undefined
}

/** Whether a session of this account has sent the message from here: what a template says is no command, even if it is one word. */
export async function isFromHere(tx: TenantReader, phoneNumber: string, waMessageId: string): Promise<boolean> {
  const { rows } = await sql`
    select from outbox_messages m join sessions s on s.id = m.session_id
    where s.phone_number = ${phoneNumber} and m.wa_message_id = ${waMessageId} limit 1`.execute(tx.db)
  return rows.length > 0
}
