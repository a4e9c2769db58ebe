import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { ownNameHint } from '../../contract/health.js'
import { SessionId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import { SCHEMA } from '../database/schema.js'
import { errorCode, type Log } from '../log.js'
import { FailuresInARow } from './failures-in-a-row.js'
import { LeaseLine } from './lease-line.js'
import { proofOfThisProcess } from './process-proof.js'

/** Milliseconds. The node's own limit ends well before the lease does, by the most that two clocks may run apart and a frame may travel. */
export type LeaseTimes = {
  /** What the database grants with each renewal. */
  leaseMs: number
  renewEveryMs: number
  /** Since the start of the last renewal that worked: for so long this node may speak. */
  fenceMs: number
  retryMs: number
}

const usual: LeaseTimes = { leaseMs: 8_000, renewEveryMs: 2_000, fenceMs: 5_000, retryMs: 250 }

/** Longest time of the first renewal: nothing runs that would have to hold still meanwhile. */
const startMs = 10_000

const tidyEveryMs = 60 * 60 * 1_000

/** Wall time that passed in excess of this process's own: the machine slept, and the database did not. */
const sleptMs = 1_000

/** Who holds still while it is doubtful whether this node still has its lease. */
export type LeaseWatch = {
  /** From here on nothing may be read, sent or acknowledged. */
  onDoubt: () => void
  /**
   * The lease is certain again, and these are the sessions that this node is to run, with their epochs.
   * @param askedAt by `performance.now()`: of what this node has come to run since, the answer may not know
   */
  onSure: (owned: ReadonlyMap<SessionId, bigint>, askedAt: number) => void
  /** A newer process has this one's name and may have all of its sessions: nothing may be read, sent or acknowledged ever again. */
  onReplaced: () => void
}

/**
 * One row per start of a process. Only the database's clock decides whether it has ended; this process's own clock, which cannot be set,
 * only ever makes it fall silent sooner.
 */
export interface NodeLease extends AsyncDisposable {
  readonly nodeId: string
  /** Where this process runs, for those that run there too; `null` where that says nothing. */
  readonly host: string | null
  /** Takes the lease and keeps renewing it. */
  start(watch?: LeaseWatch): Promise<void>
  /** Whether the lease surely lasts. Asked before every frame to WhatsApp; `false` begins a doubt. */
  mayWrite(): boolean
  /** Something of the database's did not answer: everything holds still until it is known that the lease lasts. */
  doubt(): void
  /** Whether there is no doubt. */
  isSure(): boolean
  /** Whether a newer process has started under this one's name. */
  isReplaced(): boolean
  /** Milliseconds since the start of the last renewal that worked. */
  ageMs(): number
  /** Since the start. */
  renewalsFailed(): number
  /** Others leave this node out when they share sessions among them. */
  leaveOut(): Promise<void>
}

export type NodeLeaseDeps = {
  url: () => string
  database: Database
  log: Log
  /** Its operator's, who has one process at a time of each name; `null`: none. */
  name?: string | null
  /** Fingerprints of the secrets that this node has; absent: it does not say. */
  kekIds?: readonly string[]
  times?: LeaseTimes
}

const nobody: LeaseWatch = { onDoubt: () => {}, onSure: () => {}, onReplaced: () => {} }

const renewal = `
  insert into ${SCHEMA}.nodes (id, lease_until, host, process, name, kek_ids)
  values ($1, clock_timestamp() + make_interval(secs => $2), $3, $4, $5, $6)
  on conflict (id) do update set lease_until = excluded.lease_until where nodes.replaced_at is null
  returning id`

// Claims of a node's sessions hold its row until they are through, and the renewal has just waited for that row: whatever was claimed is seen,
// and a lock that anybody else has on one lease keeps nobody waiting.
const ownership = `select session_id, epoch from ${SCHEMA}.session_leases where node_id = $1 and wanted`

export function createNodeLease({ url, database, log, name = null, kekIds, times = usual }: NodeLeaseDeps): NodeLease {
  const nodeId = randomUUID()
  const proof = proofOfThisProcess()
  let line: LeaseLine | null = null
  let watch = nobody
  let renewedAt = { own: -Infinity, wall: -Infinity }
  let doubtful = false
  let doubtSince = 0
  let replaced = false
  let failed = 0
  const failures = new FailuresInARow()
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let tidying: NodeJS.Timeout | undefined
  let renewing: Promise<void> | null = null

  const ageMs = () => performance.now() - renewedAt.own
  const roundAge = () => Math.round(Math.min(ageMs(), Number.MAX_SAFE_INTEGER))

  const lasts = () => {
    if (replaced) return false
    const age = ageMs()
    return age < times.fenceMs && Date.now() - renewedAt.wall < age + sleptMs
  }

  const doubt = () => {
    if (doubtful || stopped || line === null) return
    doubtful = true
    doubtSince = performance.now()
    log.warn('lease_in_doubt', { nodeId, ms: roundAge() })
    watch.onDoubt()
    schedule(0)
  }

  const renew = async (by: LeaseLine): Promise<void> => {
    const begun = { own: performance.now(), wall: Date.now() }
    const values = [nodeId, times.leaseMs / 1_000, proof?.host ?? null, proof?.process ?? null, name, kekIds ?? null]
    if ((await by.ask(renewal, values)).length === 0) return giveWay()
    renewedAt = begun
    if (!doubtful) return
    const askedAt = performance.now()
    const rows = await by.ask<{ session_id: string; epoch: string }>(ownership, [nodeId])
    // a process that stood still in between knows nothing again
    if (!lasts()) return
    doubtful = false
    failures.over()
    log.info('lease_is_sure', { nodeId, count: rows.length, ms: Math.round(performance.now() - doubtSince) })
    watch.onSure(new Map(rows.map(row => [SessionId.parse(row.session_id), BigInt(row.epoch)])), askedAt)
  }

  const giveWay = () => {
    replaced = true
    doubtful = true
    log.error('node_name_taken', { nodeId, hint: ownNameHint })
    watch.onReplaced()
  }

  /**
   * Of all processes with this one's name the newest stays. Asked once this one can be seen: of two that start together, whoever asks last
   * sees both.
   */
  const replaceOlder = async () => {
    const { rows } = await database.system(({ db }) =>
      sql<{ id: string }>`
        update nodes older set replaced_at = clock_timestamp(),
          lease_until = least(older.lease_until, clock_timestamp() - interval '1 second')
        where older.name = ${name} and older.replaced_at is null and exists (
          select from nodes newer where newer.name = older.name and (newer.started_at, newer.id) > (older.started_at, older.id)
        ) returning older.id`.execute(db),
    )
    for (const { id } of rows) log.info('node_replaced', { nodeId: id })
  }

  /** One renewal, and the time of the next. */
  const turn = async (by: LeaseLine): Promise<void> => {
    const begun = performance.now()
    try {
      if (!lasts()) doubt()
      await renew(by)
    } catch (error) {
      failed++
      const count = failures.another()
      if (count !== null) log.warn('lease_not_renewed', { nodeId, code: errorCode(error), count, ms: roundAge() })
      doubt()
    }
    renewing = null
    schedule(doubtful ? times.retryMs : begun + times.renewEveryMs - performance.now())
  }

  const schedule = (afterMs: number) => {
    if (renewing !== null || stopped || replaced || line === null) return
    const by = line
    clearTimeout(timer)
    timer = setTimeout(() => void (renewing = turn(by)), Math.max(0, afterMs)).unref()
  }

  /** A process that crashed leaves its row. Long after, and once all of its sessions have been claimed, it says nothing any more. */
  const tidy = () =>
    database
      .system(async ({ db }) => {
        await sql`
          delete from nodes where lease_until < clock_timestamp() - interval '1 day'
          and not exists (select from session_leases l where l.wanted and l.node_id = nodes.id)`.execute(db)
      })
      .catch((error: unknown) => log.warn('nodes_not_tidied', { nodeId, code: errorCode(error) }))

  /** What this node still has can be claimed at once; an unreachable database lets the lease run out instead. */
  const giveBack = () =>
    database
      .system(async ({ db }) => {
        await sql`
          update nodes set lease_until = least(lease_until, clock_timestamp() - interval '1 second') where id = ${nodeId}`.execute(
          db,
        )
        await sql`
          delete from nodes where id = ${nodeId}
          and not exists (select from session_leases l where l.wanted and l.node_id = nodes.id)`.execute(db)
      })
      .catch((error: unknown) => log.warn('lease_not_returned', { nodeId, code: errorCode(error) }))

  return {
    nodeId,
    host: proof?.host ?? null,
    async start(given = nobody) {
      watch = given
      await using first = new LeaseLine(url(), startMs)
      await renew(first)
      if (name !== null) await replaceOlder()
      line = new LeaseLine(url())
      schedule(lasts() ? times.renewEveryMs : 0)
      await tidy()
      tidying = setInterval(() => void tidy(), tidyEveryMs).unref()
    },
    mayWrite() {
      if (lasts()) return true
      doubt()
      return false
    },
    doubt,
    isSure: () => line !== null && !doubtful && lasts(),
    isReplaced: () => replaced,
    ageMs,
    renewalsFailed: () => failed,
    async leaveOut() {
      await database.system(async ({ db }) => {
        await db.updateTable('nodes').set({ draining: true }).where('id', '=', nodeId).execute()
      })
    },
    async [Symbol.asyncDispose]() {
      if (line === null) return
      const own = line
      stopped = true
      line = null
      clearTimeout(timer)
      clearInterval(tidying)
      await renewing
      await own[Symbol.asyncDispose]()
      await giveBack()
    },
  }
}
