import { sql } from 'kysely'
import { wakeChannel } from '../events/event-log.js'
import type { OwnRows } from './logins-store.js'

/** Wakes who keeps something about this login, on all nodes, when the transaction has committed. The name is the login's id. */
export async function wakeLogin({ db }: OwnRows, userId: string): Promise<void> {
  await sql`select pg_notify(${wakeChannel}, ${userId})`.execute(db)
}
