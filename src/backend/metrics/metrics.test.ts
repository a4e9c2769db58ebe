import { expect, test } from 'vitest'
import { DatabaseUnavailableError } from '../database/database-errors.js'
import type { Engine, EngineEvent } from '../engine/engine.js'
import { meteredEngine } from './metered-engine.js'
import { createMetrics } from './metrics.js'

const figures = { outboxWaiting: 3, outboxOldestSeconds: 12.5, preKeysLow: 1, jobsWaiting: 2, jobsParked: 4 }

function watched(database: () => Promise<typeof figures>) {
  const metrics = createMetrics()
  let asked = 0
  metrics.watch({
    sessionsByState: () => ({ connected: 7, reconnecting: 1 }),
    websocketClients: () => 5,
    connectsWaiting: () => 6,
    pools: () => ({ requests: { open: 4, idle: 3, waiting: 0 }, sessions: { open: 10, idle: 4, waiting: 9 } }),
    lease: () => ({ held: true, ageMs: 1_500, renewalsFailed: 2 }),
    database: () => {
      asked++
      return database()
    },
  })
  const values = async () => {
    const text = await metrics.text()
    return Object.fromEntries(
      text
        .split('\n')
        .filter(line => line !== '' && !line.startsWith('#'))
        .map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    )
  }
  return { metrics, values, asked: () => asked }
}

test('what a node knows of itself and its database is told in one text', async () => {
  const { metrics, values } = watched(async () => figures)
  metrics.jobTried('workspace-cleanup', 'parked')
  metrics.eventDelivered(0.02)
  metrics.connections('link').tried()
  metrics.connections('session').tried()
  metrics.connections('session').opened()
  metrics.connections('session').ended({ plane: 'stream', kind: 'replaced' })
  metrics.connections('session').forged('history_sync')
  expect(await values()).toMatchObject({
    'whizlite_sessions{state="connected"}': 7,
    'whizlite_sessions{state="reconnecting"}': 1,
    whizlite_websocket_clients: 5,
    whizlite_connects_waiting: 6,
    'whizlite_connects_tried_total{for="link"}': 1,
    'whizlite_connects_tried_total{for="session"}': 1,
    'whizlite_connects_total{for="session"}': 1,
    'whizlite_connections_ended_total{plane="stream",reason="replaced"}': 1,
    'whizlite_forged_messages_total{code="history_sync"}': 1,
    whizlite_lease_held: 1,
    whizlite_lease_age_seconds: 1.5,
    whizlite_lease_renewals_failed: 2,
    'whizlite_database_connections{pool="requests",use="busy"}': 1,
    'whizlite_database_connections{pool="requests",use="idle"}': 3,
    'whizlite_database_waiting{pool="requests"}': 0,
    'whizlite_database_connections{pool="sessions",use="busy"}': 6,
    'whizlite_database_connections{pool="sessions",use="idle"}': 4,
    'whizlite_database_waiting{pool="sessions"}': 9,
    whizlite_database_up: 1,
    whizlite_outbox_waiting: 3,
    whizlite_outbox_oldest_seconds: 12.5,
    whizlite_sessions_low_on_pre_keys: 1,
    whizlite_jobs_waiting: 2,
    whizlite_jobs_parked: 4,
    'whizlite_job_tries_total{job="workspace-cleanup",outcome="parked"}': 1,
    'whizlite_event_delivery_seconds_bucket{le="0.025"}': 1,
    'whizlite_event_delivery_seconds_bucket{le="0.01"}': 0,
  })
  const all = await values()
  expect(all['whizlite_event_loop_lag_seconds{quantile="0.99"}']).toBeGreaterThanOrEqual(0)
  expect(all['whizlite_memory_bytes{kind="heap_used"}']).toBeGreaterThan(1_000_000)
  const timer = setTimeout(() => {}, 60_000)
  const timers = 'whizlite_active_resources{type="Timeout"}'
  const more = await values()
  clearTimeout(timer)
  expect((more[timers] ?? 0) - (all[timers] ?? 0)).toBeGreaterThan(0)
  await metrics[Symbol.asyncDispose]()
})

test('while the database is away its figures are left out rather than repeated', async () => {
  const { metrics, values } = watched(() => Promise.reject(new DatabaseUnavailableError('57P01')))
  const all = await values()
  expect(all).toMatchObject({ whizlite_database_up: 0, whizlite_websocket_clients: 5 })
  expect(all).not.toHaveProperty('whizlite_outbox_waiting')
  await metrics[Symbol.asyncDispose]()
})

test('a crowd of watchers asks the database once', async () => {
  const { metrics, asked } = watched(async () => figures)
  await Promise.all(Array.from({ length: 50 }, () => metrics.text()))
  expect(asked()).toBe(1)
  await metrics[Symbol.asyncDispose]()
})

test('an engine tells of its connections, and does everything else as before', () => {
  const counted: string[] = []
  let tell: (event: EngineEvent) => void = () => {}
  const connection = {}
  const bare = {
    connect: ({ onEvent }: { onEvent: (event: EngineEvent) => void }) => {
      tell = onEvent
      return connection
    },
    buildText: () => 'built',
  } as unknown as Engine
  const engine = meteredEngine(bare, {
    tried: () => counted.push('tried'),
    opened: () => counted.push('opened'),
    ended: ({ plane, kind }) => counted.push(`${plane} ${kind}`),
    forged: code => counted.push(`forged ${code}`),
  })
  const heard: string[] = []
  const options = { onEvent: (event: EngineEvent) => heard.push(event.type) } as unknown as Parameters<
    Engine['connect']
  >[0]
  expect(engine.connect(options)).toBe(connection)
  tell({ type: 'open', account: { phoneNumber: '', pn: '', lid: null, name: null } })
  tell({ type: 'forged_message', code: 'history_sync' })
  tell({ type: 'closed', reason: { plane: 'stream', kind: 'replaced', status: 440, phase: 'open' } })
  expect(counted).toEqual(['tried', 'opened', 'forged history_sync', 'stream replaced'])
  expect(heard).toEqual(['open', 'forged_message', 'closed'])
  expect(engine.buildText({ phoneNumber: '', to: '', text: '' })).toBe('built')
})
