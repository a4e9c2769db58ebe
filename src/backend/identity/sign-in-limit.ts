import { createHmac } from 'node:crypto'
import { sql } from 'kysely'
import type { Database, SystemTransaction } from '../database/database.js'
import { networksOf } from '../http/network-of.js'
import { tooManyAttempts } from '../http/too-many-attempts.js'
import { purposeKey } from '../vault/purpose-key.js'
import { countTry, type Counted } from './count-try.js'

/** One try that is under way. Until it is said how it ended, it counts as wrong: many at once get no further than one after the other. */
export type SignInTry = {
  /** Everything was right: the login begins anew, and its address has lost nothing. */
  succeeded(): Promise<void>
  /** The password was right, and something else is still missing. */
  gaveBack(): Promise<void>
}

export type SignInLimit = {
  /** @throws GatewayError `too_many_attempts`, the same for logins that are and that are not */
  enter(email: string, address: string): Promise<SignInTry>
}

export type SignInLimitDeps = {
  database: Pick<Database, 'system'>
  /** The deployment secret, the same on all nodes. */
  secret: Uint8Array
}

/** Wrong tries within a quarter of an hour, then waits that double. */
const mostWrong = { login: 5, address: 30 }

type Subject = { hash: Buffer; most: number }

/** Wrong passwords and codes, counted by login and by address over all nodes. Subjects are keyed hashes: nobody reads an address from them. */
export function createSignInLimit({ database, secret }: SignInLimitDeps): SignInLimit {
  const key = purposeKey(secret, 'identity/sign-in-subjects/1')
  const hashOf = (kind: string, value: string) => createHmac('sha256', key).update(`${kind}\0${value}`).digest()
  return {
    async enter(email, address) {
      const login = { hash: hashOf('login', email), most: mostWrong.login }
      const networks = networksOf(address).map(({ name, times }) => ({
        hash: hashOf('network', name),
        most: mostWrong.address * times,
      }))
      const subjects = [login, ...networks].toSorted((a, b) => a.hash.compare(b.hash))
      const wait = await database.system(tx => count(tx, subjects))
      if (wait !== null) throw tooManyAttempts(wait)
      const giveBack = (of: readonly Subject[]) => database.system(tx => uncount(tx, of))
      return {
        async succeeded() {
          await database.system(({ db }) =>
            db.deleteFrom('sign_in_cool_downs').where('subject', '=', login.hash).execute(),
          )
          await giveBack(networks)
        },
        gaveBack: () => giveBack(subjects),
      }
    },
  }
}

/** Rows are locked in one order. @returns seconds to wait; null: the try is counted and may go on */
async function count({ db }: SystemTransaction, subjects: readonly Subject[]): Promise<number | null> {
  await sql`delete from sign_in_cool_downs where subject in (
    select subject from sign_in_cool_downs where at < clock_timestamp() - interval '1 day' order by subject limit 20 for update skip locked
  )`.execute(db)
  await db
    .insertInto('sign_in_cool_downs')
    .values(subjects.map(({ hash }) => ({ subject: hash })))
    .onConflict(conflict => conflict.column('subject').doNothing())
    .execute()
  const rows = await db
    .selectFrom('sign_in_cool_downs')
    .select(['subject', 'wrong', 'level'])
    .select(sql<number>`extract(epoch from clock_timestamp() - since)::float8`.as('age'))
    .select(sql<number | null>`extract(epoch from until - clock_timestamp())::float8`.as('left'))
    .where(
      'subject',
      'in',
      subjects.map(({ hash }) => hash),
    )
    .orderBy('subject')
    .forUpdate()
    .execute()
  const counted = rows.map(row => {
    const most = subjects.find(({ hash }) => hash.equals(row.subject))?.most ?? mostWrong.login
    return { subject: row.subject, ...countTry(row, most) }
  })
  const refused = counted.filter(({ waitSeconds }) => waitSeconds !== null)
  for (const change of refused.length > 0 ? refused : counted) await store(db, change)
  return refused.length === 0 ? null : Math.max(...refused.map(({ waitSeconds }) => waitSeconds ?? 0))
}

/** `since` lies at the end of a wait, so that the window begins with the first try after it. */
async function store(db: SystemTransaction['db'], change: Counted & { subject: Buffer }): Promise<void> {
  const { subject, wrong, level, begins, coolsForSeconds } = change
  const end = sql<Date>`clock_timestamp() + make_interval(secs => ${coolsForSeconds ?? 0})`
  await db
    .updateTable('sign_in_cool_downs')
    .set({ wrong, level, at: sql<Date>`clock_timestamp()` })
    .$if(begins, query => query.set({ since: end }))
    .$if(coolsForSeconds !== null, query => query.set({ until: end }))
    .where('subject', '=', subject)
    .execute()
}

async function uncount({ db }: SystemTransaction, subjects: readonly Subject[]): Promise<void> {
  for (const { hash } of subjects) {
    await db
      .updateTable('sign_in_cool_downs')
      .set({ wrong: sql<number>`greatest(0, wrong - 1)` })
      .where('subject', '=', hash)
      .execute()
  }
}
