import { createHmac } from 'node:crypto'
import { sql } from 'kysely'
import type { Database, SystemTransaction } from '../database/database.js'
import { networksOf } from '../http/network-of.js'
import { tooManyAttempts } from '../http/too-many-attempts.js'
import { purposeKey } from '../vault/purpose-key.js'
import { countTry, type Counted } from './count-try.js'
import { forgetNetworks, isKnown, makeKnown } from './known-networks.js'

/** One try that is under way. Until it is said how it ended, it counts as wrong: many at once get no further than one after the other. */
export type SignInTry = {
  /** Everything was right: the login begins anew, its address has lost nothing, and its network is known to the login from then on. */
  succeeded(): Promise<void>
  /** The password was right, and something else is still missing. */
  gaveBack(): Promise<void>
}

export type SignInLimit = {
  /** @throws GatewayError `too_many_attempts`, the same for logins that are and that are not */
  enter(email: string, address: string): Promise<SignInTry>
  /**
   * For whoever asks with an access token, and shows something once more: counted by that sign-in alone, which nobody else can spoil. The
   * right password gives back nothing of the tries at a code.
   * @throws as `enter`
   */
  enterSignedIn(familyId: string, shows: 'password' | 'code'): Promise<SignInTry>
  /** The login was proven in another way: nothing counts against it any more, and this network alone is known to it. */
  beginAnew(email: string, address: string): Promise<void>
}

export type SignInLimitDeps = {
  database: Pick<Database, 'system'>
  /** The deployment secret, the same on all nodes. */
  secret: Uint8Array
}

/** Wrong tries within a quarter of an hour, then waits that double. */
const mostWrong = { login: 5, address: 30 }

type Subject = { hash: Buffer; most: number }

/**
 * Wrong passwords and codes, counted by login and by address over all nodes. A network that the login has signed in from before has a count of
 * its own: whoever knows an e-mail can make it wait where it never was, and nowhere else. Subjects are keyed hashes: nobody reads an address
 * from them.
 */
export function createSignInLimit({ database, secret }: SignInLimitDeps): SignInLimit {
  const key = purposeKey(secret, 'identity/sign-in-subjects/1')
  const hashOf = (kind: string, value: string) => createHmac('sha256', key).update(`${kind}\0${value}`).digest()
  const placesOf = (email: string, address: string) => {
    const networks = networksOf(address)
    const [{ name } = { name: '' }] = networks
    const at = { login: hashOf('login', email), network: hashOf('network', name) }
    return { networks, at, there: hashOf('login there', `${email}\0${name}`) }
  }
  return {
    async enter(email, address) {
      const { networks: around, at, there } = placesOf(email, address)
      const networks = around.map(({ name, times }) => ({
        hash: hashOf('network', name),
        most: mostWrong.address * times,
      }))
      const { wait, login } = await database.system(async tx => {
        const counted = { hash: (await isKnown(tx, at)) ? there : at.login, most: mostWrong.login }
        return { login: counted, wait: await count(tx, inOrder([counted, ...networks])) }
      })
      if (wait !== null) throw tooManyAttempts(wait)
      return {
        async succeeded() {
          await database.system(async tx => {
            await forget(tx, [login.hash])
            await makeKnown(tx, at)
          })
          await database.system(tx => uncount(tx, inOrder(networks)))
        },
        gaveBack: () => database.system(tx => uncount(tx, inOrder([login, ...networks]))),
      }
    },
    async enterSignedIn(familyId, shows) {
      const subject = { hash: hashOf(`sign-in, ${shows}`, familyId), most: mostWrong.login }
      const wait = await database.system(tx => count(tx, [subject]))
      if (wait !== null) throw tooManyAttempts(wait)
      return {
        succeeded: () => database.system(tx => forget(tx, [subject.hash])),
        gaveBack: () => database.system(tx => uncount(tx, [subject])),
      }
    },
    async beginAnew(email, address) {
      const { at, there } = placesOf(email, address)
      await database.system(async tx => {
        await forget(tx, [at.login, there])
        await forgetNetworks(tx, at.login)
        await makeKnown(tx, at)
      })
    },
  }
}

/** In which rows are locked, everywhere. */
const inOrder = (subjects: readonly Subject[]): Subject[] => subjects.toSorted((a, b) => a.hash.compare(b.hash))

async function forget({ db }: SystemTransaction, subjects: readonly Buffer[]): Promise<void> {
  await db.deleteFrom('sign_in_cool_downs').where('subject', 'in', subjects).execute()
}

/** @returns seconds to wait; null: the try is counted and may go on */
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
