import { sql, type Generated } from 'kysely'
import { prepareStatement } from '../database/prepared-statement.js'
import { SCHEMA } from '../database/schema.js'
import type { Tenants, TenantScope, TenantTransactor } from '../database/tenant-transaction.js'

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

/** How many that nobody has used are cleared away at once. */
const clearedAtOnce = 100

// An index serves a moment that stays the same throughout the statement, which the clock's does not; the order makes it this index, whatever
// the planner believes of a table that was empty when it planned.
const over = sql<boolean>`ctid = any(array(
  select ctid from ${sql.table(`${SCHEMA}.ws_tickets`)} where expires_at < statement_timestamp()
  order by workspace_id, expires_at limit ${sql.lit(clearedAtOnce)} for update skip locked
))`

const clear = prepareStatement(db => db.deleteFrom('ws_tickets').where(over))

type NewTicket = Omit<StoredTicket, 'login_version'> & {
  workspace_id: string
  hash: Buffer
  login_version: string | null
  seconds: string
}

const insert = prepareStatement((db, ticket: NewTicket) =>
  db.insertInto('ws_tickets').values({
    workspace_id: ticket.workspace_id,
    hash: ticket.hash,
    user_id: ticket.user_id,
    kind: ticket.kind,
    key_id: ticket.key_id,
    family_id: ticket.family_id,
    login_version: sql`${ticket.login_version}::integer`,
    origin: ticket.origin,
    expires_at: sql`clock_timestamp() + make_interval(secs => ${ticket.seconds}::integer)`,
  }),
)

/** `seconds`: it lasts. `withClearing`: those of the same member that are over go, a hundred at most. */
export type NewTicketOrder = { hash: Buffer; ticket: StoredTicket; seconds: number; withClearing: boolean }

export async function storeTicket(
  { writeAtOnce }: Pick<Tenants, 'writeAtOnce'>,
  scope: TenantScope,
  { hash, ticket, seconds, withClearing }: NewTicketOrder,
): Promise<void> {
  const { login_version, ...rest } = ticket
  const stored = insert({
    ...rest,
    workspace_id: scope.workspaceId,
    hash,
    login_version: login_version === null ? null : String(login_version),
    seconds: String(seconds),
  })
  if (withClearing) await writeAtOnce(scope, clear({}), stored)
  else await writeAtOnce(scope, stored)
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
