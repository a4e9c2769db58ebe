import { Gauge, type Registry } from 'prom-client'
import { shareAnswer } from '../http/shared-answer.js'
import type { PoolUse } from '../database/database.js'
import type { DatabaseFigures } from './database-figures.js'
import type { LoopLag } from './loop-lag.js'

/** What is asked when somebody looks. All but the database's figures are known to this process. */
export type GaugeSources = {
  sessionsByState: () => Readonly<Record<string, number>>
  websocketClients: () => number
  connectsWaiting: () => number
  /** By what they are for. */
  pools: () => Readonly<Record<string, PoolUse>>
  lease: () => { held: boolean; ageMs: number; renewalsFailed: number }
  /** Rejects while the database is away. */
  database: () => Promise<DatabaseFigures>
}

/** Whoever looks more often gets the same figures of the database: being watched must not cost it anything. */
const figuresForMs = 5_000

type Reading = { help: string; label?: string; read: () => number | Readonly<Record<string, number>> }

export function addGauges(registry: Registry, lag: LoopLag, sources: GaugeSources): void {
  const figures = shareAnswer({ ask: () => sources.database().catch(() => null), forMs: figuresForMs })
  const gauge = (name: string, { help, label, read }: Reading) =>
    new Gauge({
      registers: [registry],
      name: `whizlite_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      collect() {
        const now = read()
        if (typeof now === 'number') return this.set(now)
        this.reset()
        for (const [value, count] of Object.entries(now)) this.set({ [label ?? '']: value }, count)
      },
    })

  gauge('sessions', { help: 'Sessions that run on this node.', label: 'state', read: sources.sessionsByState })
  gauge('websocket_clients', { help: 'Open WebSockets of this node.', read: sources.websocketClients })
  gauge('connects_waiting', { help: 'Sessions that wait for their turn to connect.', read: sources.connectsWaiting })
  gauge('lease_held', {
    help: '1 while this node surely has its lease.',
    read: () => Number(sources.lease().held),
  })
  gauge('lease_age_seconds', {
    help: 'Since the last renewal of the lease that worked began.',
    read: () => sources.lease().ageMs / 1_000,
  })
  gauge('lease_renewals_failed', {
    help: 'Renewals of the lease that failed since the start.',
    read: () => sources.lease().renewalsFailed,
  })
  addPoolGauges(registry, sources.pools)
  gauge('event_loop_lag_seconds', {
    help: 'How late this process comes to its work, since the last look.',
    label: 'quantile',
    read: () => {
      const { p50, p99, max } = lag.take()
      return { '0.5': p50, '0.99': p99, '1': max }
    },
  })
  gauge('memory_bytes', {
    help: 'Memory of this process.',
    label: 'kind',
    read: () => {
      const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
      return { resident: rss, heap_used: heapUsed, heap_total: heapTotal, external }
    },
  })
  gauge('active_resources', {
    help: 'What keeps this process going: sockets, timers, files.',
    label: 'type',
    read: () => counted(process.getActiveResourcesInfo()),
  })
  gauge('cpu_seconds', {
    help: 'Processor time of this process since its start.',
    read: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    },
  })
  gauge('uptime_seconds', { help: 'Since the start of this process.', read: () => process.uptime() })
  addDatabaseGauges(registry, figures)
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function addPoolGauges(registry: Registry, pools: GaugeSources['pools']): void {
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    collect: (gauge: Gauge, pool: string, use: PoolUse) => void,
  ) =>
    new Gauge({
      registers: [registry],
      name: `whizlite_${name}`,
      help,
      labelNames,
      collect() {
        for (const [pool, use] of Object.entries(pools())) collect(this, pool, use)
      },
    })
  gauge('database_connections', 'Connections to the database.', ['pool', 'use'], (now, pool, { open, idle }) => {
    now.set({ pool, use: 'busy' }, open - idle)
    now.set({ pool, use: 'idle' }, idle)
  })
  gauge('database_waiting', 'Callers that wait for a connection.', ['pool'], (now, pool, { waiting }) =>
    now.set({ pool }, waiting),
  )
}

const ofDatabase: Readonly<Record<keyof DatabaseFigures, [name: string, help: string]>> = {
  outboxWaiting: ['outbox_waiting', 'Messages without a verdict, of all nodes.'],
  outboxOldestSeconds: ['outbox_oldest_seconds', 'Age of the oldest of them.'],
  preKeysLow: ['sessions_low_on_pre_keys', 'Connected sessions with fewer than 10 one-time keys left, of all nodes.'],
  jobsWaiting: ['jobs_waiting', 'Background jobs that are still to be done, of all nodes.'],
  jobsParked: ['jobs_parked', 'Background jobs that have failed too often, of all nodes. Somebody has to look.'],
}

/** Absent rather than old while the database is away, which has a figure of its own. */
function addDatabaseGauges(registry: Registry, figures: () => Promise<DatabaseFigures | null>): void {
  const gauge = (name: string, help: string, read: (now: DatabaseFigures | null) => number | null) =>
    new Gauge({
      registers: [registry],
      name: `whizlite_${name}`,
      help,
      async collect() {
        const value = read(await figures())
        if (value === null) this.remove()
        else this.set(value)
      },
    })
  gauge('database_up', '1 while the database answers.', now => Number(now !== null))
  for (const [key, [name, help]] of Object.entries(ofDatabase) as [keyof DatabaseFigures, [string, string]][])
    gauge(name, help, now => now?.[key] ?? null)
}
