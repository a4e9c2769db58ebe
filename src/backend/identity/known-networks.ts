import { sql } from 'kysely'
import type { SystemTransaction } from '../database/database.js'

/** Where a login signs in from, both as keyed hashes. */
export type Whereabouts = { login: Buffer; network: Buffer }

/** Known for so many days after the last sign-in there. */
const keptDays = 90

const tooOld = sql<Date>`clock_timestamp() - make_interval(days => ${keptDays})`

export async function isKnown({ db }: SystemTransaction, { login, network }: Whereabouts): Promise<boolean> {
  const row = await db
    .selectFrom('sign_in_networks')
    .select('at')
    .where('login', '=', login)
    .where('network', '=', network)
    .where('at', '>', tooOld)
    .executeTakeFirst()
  return row !== undefined
}

/** Also puts away some of what is too old, of anybody's. */
export async function makeKnown({ db }: SystemTransaction, { login, network }: Whereabouts): Promise<void> {
  await sql`delete from sign_in_networks where (login, network) in (
    select login, network from sign_in_networks where at < statement_timestamp() - make_interval(days => ${keptDays})
    order by at limit 20 for update skip locked
  )`.execute(db)
  await db
    .insertInto('sign_in_networks')
    .values({ login, network })
    .onConflict(conflict => conflict.columns(['login', 'network']).doUpdateSet({ at: sql<Date>`clock_timestamp()` }))
    .execute()
}

export async function forgetNetworks({ db }: SystemTransaction, login: Buffer): Promise<void> {
  await db.deleteFrom('sign_in_networks').where('login', '=', login).execute()
}
