import { sql, type Insertable } from 'kysely'
import type { GatewayEvent } from '../../contract/events.js'
import type { SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import type { TenantSchema } from '../database/schema.js'
import type { Cell } from '../vault/sealer.js'
import type { Vault } from '../vault/vault.js'
import { wake, wakeChannel } from './wake.js'

type LiveOnly = 'qr_code' | 'pairing_code'

/** What the log stores of an event. A QR or pairing code is live only: the log keeps its place and never what is shown. */
export type LoggedEvent =
  Exclude<GatewayEvent, { event: LiveOnly }> | { event: LiveOnly; data: { sessionId: SessionId; status: 'connecting' } }

export type StoredEvent = {
  seq: bigint
  sessionId: SessionId
  event: LoggedEvent
  /** By the database's clock, when it was read. */
  ageSeconds: number
}

/** Whose events are read. */
export type EventsOf = readonly SessionId[] | 'all'

export interface EventLog {
  /**
   * Appends in the caller's transaction: state and events are stored together or not at all. Several cost as much as one.
   * @returns the number of the last one
   */
  append(tx: TenantTransactor, ...events: readonly [LoggedEvent, ...LoggedEvent[]]): Promise<bigint>
  /** Wakes who has subscribed to this name, such as a node's id, when the transaction has committed. */
  wake(tx: TenantTransactor, name: string): Promise<void>
  /** Events of these sessions, or of all that the scope sees, after `seq` and up to `upTo`; oldest first. */
  read(tx: TenantReader, sessions: EventsOf, after: bigint, limit: number, upTo?: bigint): Promise<StoredEvent[]>
  /** Number of the newest event of the workspace. */
  lastSeq(tx: TenantReader): Promise<bigint>
  /** The last number before the oldest event that is kept: what came before it may be forgotten. The scope has no user. */
  forgottenTo(tx: TenantReader): Promise<bigint>
}

export const dataCell = (seq: bigint): Cell => ({ table: 'event_log', column: 'data', row: String(seq) })

export function createEventLog({ vault }: { vault: Vault }): EventLog {
  return {
    async append(tx, ...appended) {
      const { workspaceId } = tx.scope
      const sealer = await vault.workspaceSealer(tx, workspaceId)
      const last = await nextSeq(tx, appended.length)
      const rows: Insertable<TenantSchema['event_log']>[] = []
      for (const [index, { event, data }] of appended.entries()) {
        const seq = last - BigInt(appended.length - 1 - index)
        const sealed = await sealer.sealJson(tx, dataCell(seq), data)
        rows.push({ workspace_id: workspaceId, seq, session_id: data.sessionId, event, data: sealed })
      }
      await tx.db
        .with('appended', query => query.insertInto('event_log').values(rows).returning('session_id'))
        .selectFrom(
          sql<{ id: string }>`(select session_id as id from appended union select ${workspaceId}::uuid)`.as('woken'),
        )
        .select(sql`pg_notify(${wakeChannel}, woken.id::text)`.as('told'))
        .execute()
      return last
    },

    wake,

    async read(tx, sessions, after, limit, upTo) {
      if (sessions.length === 0) return []
      const rows = await tx.db
        .selectFrom('event_log')
        .select(['seq', 'session_id', 'event', 'data'])
        .select(sql<number>`extract(epoch from clock_timestamp() - created_at)::float8`.as('age'))
        .$if(sessions !== 'all', query => query.where('session_id', 'in', sessions as readonly SessionId[]))
        .where('session_id', 'is not', null)
        .where('seq', '>', String(after))
        .$if(upTo !== undefined, query => query.where('seq', '<=', String(upTo)))
        .orderBy('seq')
        .limit(limit)
        .execute()
      if (rows.length === 0) return []
      const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
      const events: StoredEvent[] = []
      for (const { seq: number, session_id, event, data, age: ageSeconds } of rows) {
        const seq = BigInt(number)
        const logged = { event, data: await sealer.openJson(tx, dataCell(seq), data) } as LoggedEvent
        events.push({ seq, sessionId: session_id as SessionId, event: logged, ageSeconds })
      }
      return events
    },

    async lastSeq(tx) {
      const row = await tx.db.selectFrom('event_counters').select('last_seq').executeTakeFirst()
      return BigInt(row?.last_seq ?? 0)
    },

    async forgottenTo(tx) {
      const { rows } = await sql<{ seq: string }>`
        select coalesce(
          (select seq - 1 from event_log order by workspace_id, seq limit 1),
          (select last_seq from event_counters), 0
        ) as seq`.execute(tx.db)
      return BigInt(rows[0]?.seq ?? 0)
    },
  }
}

/** Takes so many numbers. Locks the workspace's counter until the transaction ends: they become visible in their order. */
async function nextSeq(tx: TenantTransactor, count: number): Promise<bigint> {
  const { rows } = await sql<{ last_seq: string }>`
    insert into event_counters (workspace_id, last_seq) values (${tx.scope.workspaceId}, ${count})
    on conflict (workspace_id) do update set last_seq = event_counters.last_seq + excluded.last_seq
    returning last_seq`.execute(tx.db)
  return BigInt(rows[0]?.last_seq ?? 0)
}
