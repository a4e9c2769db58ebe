import { sql, type QueryExecutorProvider } from 'kysely'

/** Channel of the wake-up after a commit; its payload is the id of a workspace, session, login or node and nothing else. */
export const wakeChannel = 'whizlite_events'

/** Wakes whoever waits for `name`, on all nodes. Delivered by the server at commit, dropped at rollback. */
export async function wake({ db }: { readonly db: QueryExecutorProvider }, name: string): Promise<void> {
  await sql`select pg_notify(${wakeChannel}, ${name})`.execute(db)
}
