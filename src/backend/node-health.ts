import { sql } from 'kysely'
import { Router, type RequestHandler } from 'express'
import type { Database } from './database/database.js'
import { healthRoutes, type NodePhase } from './http/health.routes.js'
import type { Identify } from './http/identify.js'
import type { Route } from './http/route.js'
import type { NodeLease } from './leases/node-lease.js'
import type { WebSocketDoor } from './live/websocket.js'
import { databaseFigures } from './metrics/database-figures.js'
import type { Metrics } from './metrics/metrics.js'
import { metricsDoor } from './metrics/metrics-door.js'
import type { ConnectPacer } from './sessions/connect-pacer.js'
import type { OperatorAlarm } from './sessions/operator-alarm.js'
import type { Sessions } from './sessions/sessions.js'

export type NodeHealthDeps = {
  database: Database
  sessionsDatabase: Pick<Database, 'use'>
  lease: Pick<NodeLease, 'isSure' | 'isReplaced' | 'ageMs' | 'renewalsFailed'>
  sessions: Pick<Sessions, 'connectedCount' | 'countByState'>
  pacer: Pick<ConnectPacer, 'counts'>
  alarm: Pick<OperatorAlarm, 'raised'>
  live: Pick<WebSocketDoor, 'clientCount'>
  phase: () => NodePhase
  metrics: Metrics
  identify: Identify
  metricsFrom: readonly string[]
}

/** What a process tells of itself in every role: how it is, as routes, and its figures. */
export function nodeHealth(deps: NodeHealthDeps): { health: Route[]; figures: RequestHandler } {
  const { database, sessionsDatabase, lease, sessions, pacer, alarm, live, phase, metrics, identify, metricsFrom } =
    deps
  const websocketClients = () => live.clientCount()
  metrics.watch({
    sessionsByState: () => sessions.countByState(),
    websocketClients,
    connectsWaiting: () => pacer.counts().waiting,
    pools: () => ({ requests: database.use(), sessions: sessionsDatabase.use() }),
    lease: () => ({ held: lease.isSure(), ageMs: lease.ageMs(), renewalsFailed: lease.renewalsFailed() }),
    database: () => databaseFigures(database),
  })
  const health = healthRoutes({
    pingDatabase: () =>
      database.system(async ({ db }) => void (await sql`select 1`.execute(db)), { deadlineMs: 2_000 }),
    phase,
    leaseHeld: () => lease.isSure(),
    nodeReplaced: () => lease.isReplaced(),
    clientOutdated: () => alarm.raised().includes('engine_outdated'),
    connectedSessions: () => sessions.connectedCount(),
    websocketClients,
  })
  return { health, figures: Router().use(metricsDoor({ metrics, identify, from: metricsFrom })) }
}
