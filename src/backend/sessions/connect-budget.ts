import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import type { Breaker } from './reaction.js'

/** What one statement said: slots to connect in, each so many milliseconds from now, or what holds everybody back. */
export type Payment =
  | { slots: readonly number[] }
  /** The one that holds longest. `forMs`: until it may be over, or until one session may try. `outdated`: that one holds, alone or too. */
  | { heldBy: Breaker; forMs: number; outdated: boolean }

export type ConnectScopes = {
  /** Name of the address that connects leave by. */
  egress: string
  /** The client version that this node says it is. */
  version: string
}

export type ConnectBudget = {
  /** Pays for so many connects at once, unless a breaker is open. None is a look at the breakers. */
  pay(count: number): Promise<Payment>
  /** Connects that happened without asking: they are owed, but nobody waits longer than two seconds for them. */
  owe(count: number): Promise<void>
}

/** Between two sessions that try whether WhatsApp takes this client again, over all nodes. */
export const canaryEverySeconds = 30

/**
 * The connects of all nodes that leave by one address, on the database's clock. A connect costs its part of a second; what was not used
 * lately is credit for one second at most. Whoever pays gets times that nobody else has, so that nobody has to ask again and again.
 */
export function createConnectBudget(database: Database, scopes: ConnectScopes, perSecond: number): ConnectBudget {
  const { egress, version } = scopes
  const part = 1 / perSecond
  const seconds = (count: number) => sql`make_interval(secs => ${count}::double precision)`
  const now = sql`clock_timestamp()`
  return {
    async pay(count) {
      const cost = count * part
      const { rows } = await database.system(({ db }) =>
        sql<{ breaker: Breaker | null; seconds: number; outdated: boolean }>`
          with held as (
            select breaker, case breaker
              when 'outdated' then extract(epoch from tried_at + ${seconds(canaryEverySeconds)} - ${now})
              else extract(epoch from until - ${now})
            end::double precision as seconds
            from connect_breakers where (breaker = 'outdated' and scope = ${version} and opened_at is not null)
              or (breaker = 'upgrade_429' and scope = ${egress} and until > ${now})
          ), paid as (
            insert into connect_budget as b (egress, paid_until)
            select ${egress}, ${now} - ${seconds(1)} + ${seconds(cost)} where not exists (select from held)
            on conflict (egress) do update
              set paid_until = greatest(b.paid_until, ${now} - ${seconds(1)}) + ${seconds(cost)}
            returning paid_until
          )
          select breaker, seconds, exists (select from held where breaker = 'outdated') as outdated from held
          union all select null, extract(epoch from paid_until - ${now})::double precision, false from paid
          order by seconds desc limit 1`.execute(db),
      )
      const [row] = rows
      if (row === undefined) throw new TypeError('a payment has an answer')
      const { breaker, seconds: end, outdated } = row
      if (breaker !== null) return { heldBy: breaker, forMs: Math.max(0, end * 1_000), outdated }
      return { slots: Array.from({ length: count }, (_, nth) => (end - cost + nth * part) * 1_000) }
    },
    async owe(count) {
      await database.system(({ db }) =>
        sql`
          update connect_budget set paid_until = greatest(
            paid_until,
            least(greatest(paid_until, ${now} - ${seconds(1)}) + ${seconds(count * part)}, ${now} + ${seconds(2)})
          ) where egress = ${egress}`.execute(db),
      )
    },
  }
}
