import type { Database } from '../database/database.js'
import { SCHEMA } from '../database/schema.js'
import { errorCode, type Log } from '../log.js'
import { grace, type OtherNode } from './claims.js'
import { ownerlessAfter } from './ownerless-leases.js'

/** What a node sees of all leases at a glance: whether there is anything to look at more closely. */
export type Glance = {
  others: readonly OtherNode[]
  /** A session or link that is to run is another node's whose lease has ended, or nobody's. */
  isAnyLost: boolean
  /** One has been so for as long as `ownerlessLeases` says. */
  isAnyOwnerless: boolean
  /** Another text whenever something has changed in what this node is to run, or has been left for it to see to. */
  own: string
}

/**
 * One question now and then, however many look after something that another node, or nobody, may have changed. A look of their own they take
 * when a glance has shown that there is something.
 */
export interface Glances extends AsyncDisposable {
  start(): void
  /**
   * @param missed is told of a glance that failed: what earlier ones have shown is not confirmed by the next
   * @returns the function that ends the subscription
   */
  subscribe(see: (glance: Glance) => void, missed?: () => void): () => void
}

export type GlancesDeps = { database: Pick<Database, 'ask'>; nodeId: string; log: Log; everyMs?: number }

/** Lost wake-ups, and what nobody is woken of, are found within this. */
const usualEveryMs = 2_000

// a step from one owner to the next instead of a look at every session, as in `claim_sessions`
const question = `
  with recursive owners (id) as (
    (select l.node_id from ${SCHEMA}.session_leases l where l.wanted order by l.node_id limit 1)
    union all
    select (select l.node_id from ${SCHEMA}.session_leases l where l.wanted and l.node_id > o.id order by l.node_id limit 1)
    from owners o where o.id is not null
  ), ends as (
    select o.id, coalesce(n.lease_until, '-infinity') as at
    from owners o left join ${SCHEMA}.nodes n on n.id = o.id where o.id is not null
  )
  select
    exists (select from ends where id <> $1 and at + $2::interval <= clock_timestamp()) as lost,
    exists (select from ends where at < clock_timestamp() - $3::interval) as ownerless,
    (
      select coalesce(json_agg(json_build_object('id', id, 'host', host, 'process', process,
        'left_ms', extract(epoch from lease_until + $2::interval - clock_timestamp()) * 1000)), '[]')
      from ${SCHEMA}.nodes where id <> $1 and lease_until + $2::interval > clock_timestamp()
    ) as others,
    (
      select concat(count(*), ' ', sum(hash_record_extended((l.session_id, l.epoch, l.bell), 0)))
      from ${SCHEMA}.session_leases l where l.node_id = $1 and l.wanted
    ) as own`

type Row = { lost: boolean; ownerless: boolean; others: OtherNode[]; own: string }

/** @throws DatabaseUnavailableError, DatabaseRefusedError, TransactionTimeoutError */
export async function glanceAt(database: Pick<Database, 'ask'>, nodeId: string): Promise<Glance> {
  const [row] = await database.ask<Row>(question, [nodeId, grace, ownerlessAfter])
  if (row === undefined) throw new TypeError('a glance has an answer')
  return { others: row.others, isAnyLost: row.lost, isAnyOwnerless: row.ownerless, own: row.own }
}

export function createGlances({ database, nodeId, log, everyMs = usualEveryMs }: GlancesDeps): Glances {
  const all = new Set<{ see: (glance: Glance) => void; missed: () => void }>()
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | null = null

  const look = async () => {
    try {
      const glance = await glanceAt(database, nodeId)
      for (const { see } of all) see(glance)
    } catch (error) {
      log.warn('leases_not_seen', { code: errorCode(error) })
      for (const { missed } of all) missed()
    }
    looking = null
  }

  return {
    start() {
      timer = setInterval(() => void (looking ??= look()), everyMs).unref()
    },
    subscribe(see, missed = () => {}) {
      const both = { see, missed }
      all.add(both)
      return () => void all.delete(both)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await looking
    },
  }
}
