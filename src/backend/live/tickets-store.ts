import { sql, type Generated } from 'kysely'
import type { TenantTransactor } from '../database/tenant-transaction.js'

export type TicketTable = {
  workspace_id: string
  hash: Buffer
  user_id: string
  kind: 'user' | 'key' | 'service'
  key_id: string | null
  family_id: string | null
  login_version: number | null
  origin: string | null
  expires_at: Generated<Date>
}

declare module '../database/schema.js' {
  interface TenantSchema {
    ws_tickets: TicketTable
  }
}

export type StoredTicket = Omit<TicketTable, 'workspace_id' | 'hash' | 'expires_at'>

/** How many that nobody has used are cleared away with each new one. */
const clearedAtOnce = 100

export async function storeTicket(
  tx: TenantTransactor,
  hash: Buffer,
  ticket: StoredTicket,
  seconds: number,
): Promise<void> {
  // an index serves a moment that stays the same throughout the statement, which the clock's does not
  await sql`
    delete from ws_tickets where (workspace_id, hash) in (
      select workspace_id, hash from ws_tickets where expires_at < statement_timestamp()
      limit ${clearedAtOnce} for update skip locked
    )`.execute(tx.db)
  await tx.db
    .insertInto('ws_tickets')
    .values({
      ...ticket,
      workspace_id: tx.scope.workspaceId,
      hash,
      expires_at: sql`clock_timestamp() + make_interval(secs => ${seconds})`,
    })
    .execute()
}

/** Whoever takes it first has it, on whatever node: nobody finds it again, whether it was still good or not. */
export async function takeTicket(tx: TenantTransactor, hash: Buffer): Promise<StoredTicket | null> {
  const row = await tx.db
    .deleteFrom('ws_tickets')
    .where('hash', '=', hash)
    .returning(['user_id', 'kind', 'key_id', 'family_id', 'login_version', 'origin'])
    .returning(sql<boolean>`expires_at > clock_timestamp()`.as('good'))
    .executeTakeFirst()
  if (row?.good !== true) return null
  const { good: _, ...ticket } = row
  return ticket
}
