import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { canaryEverySeconds, type ConnectScopes } from './connect-budget.js'
import './connect-tables.js'
import type { Breaker } from './reaction.js'

export type BreakerHit = { id: string; breaker: Breaker; retryAfterMs?: number }

export type ConnectBreakers = {
  /** Notes what a connection met. @returns whether everybody is held back over it */
  hit(hit: BreakerHit): Promise<boolean>
  /** Whether this node may let one session through to see whether WhatsApp takes the client again. Answers yes to one node only. */
  mayTry(): Promise<boolean>
  /** WhatsApp takes this client: everybody may connect. */
  release(): Promise<void>
}

/** Two sessions within so many seconds tell that it is the client that WhatsApp refuses, and not one of them. */
const togetherSeconds = 60
const leastPauseMs = 60_000
const longestPauseMs = 3_600_000

/**
 * What holds the connects of all nodes back. `outdated` belongs to a client version: a node that says it is another one is free to show that
 * WhatsApp takes that. `upgrade_429` belongs to the address that connects leave by.
 */
export function createConnectBreakers(database: Database, { egress, version }: ConnectScopes): ConnectBreakers {
  const now = sql`clock_timestamp()`
  const seconds = (count: number) => sql`make_interval(secs => ${count})`
  return {
    async hit({ id, breaker, retryAfterMs = 0 }) {
      if (breaker === 'upgrade_429') {
        const pauseMs = Math.min(Math.max(leastPauseMs, retryAfterMs), longestPauseMs)
        const until = sql`${now} + ${seconds(pauseMs / 1_000)}`
        await database.system(({ db }) =>
          sql`
            insert into connect_breakers as b (breaker, scope, hit_by, hit_at, opened_at, until)
            values ('upgrade_429', ${egress}, ${id}, ${now}, ${now}, ${until})
            on conflict (breaker, scope) do update
              set hit_by = excluded.hit_by, hit_at = excluded.hit_at, until = greatest(b.until, excluded.until)`.execute(
            db,
          ),
        )
        return true
      }
      const { rows } = await database.system(({ db }) =>
        sql<{ open: boolean }>`
          insert into connect_breakers as b (breaker, scope, hit_by, hit_at) values ('outdated', ${version}, ${id}, ${now})
          on conflict (breaker, scope) do update set
            (hit_by, hit_at, opened_at, tried_at) = (
              select excluded.hit_by, excluded.hit_at, coalesce(b.opened_at, opens.at), coalesce(b.tried_at, opens.at)
              from (select case when b.hit_by <> excluded.hit_by and b.hit_at > ${now} - ${seconds(togetherSeconds)}
                then ${now} end as at) as opens
            )
          returning opened_at is not null as open`.execute(db),
      )
      return rows[0]?.open === true
    },
    async mayTry() {
      const { rows } = await database.system(({ db }) =>
        sql`
          update connect_breakers set tried_at = ${now}
          where breaker = 'outdated' and scope = ${version} and tried_at <= ${now} - ${seconds(canaryEverySeconds)}
          returning 1`.execute(db),
      )
      return rows.length > 0
    },
    async release() {
      await database.system(({ db }) =>
        sql`delete from connect_breakers where breaker = 'outdated' and scope = ${version}`.execute(db),
      )
    },
  }
}
