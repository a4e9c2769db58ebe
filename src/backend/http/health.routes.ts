import { z } from 'zod'
import { Health, ownNameHint, type HealthReason } from '../../contract/health.js'
import { GatewayError } from '../errors.js'
import { route, type Route } from './route.js'
import { shareAnswer } from './shared-answer.js'

/** Where a process is in its life. */
export type NodePhase = 'starting' | 'ready' | 'draining'

export type HealthDeps = {
  /** Resolves when the database answers. */
  pingDatabase: () => Promise<void>
  phase: () => NodePhase
  /** Whether this node surely has its lease: without it, it may not act. */
  leaseHeld: () => boolean
  /** Whether another process has this one's name, and so its lease. */
  nodeReplaced: () => boolean
  /** Whether WhatsApp refuses the version of the client, so that nobody connects. */
  clientOutdated: () => boolean
  connectedSessions: () => number
  websocketClients: () => number
}

/** What is told of the database is at most this old, besides the time that it took to find out. */
const sharedMs = 500

const Probe = z.strictObject({ status: z.literal('ok') })
type Probe = z.infer<typeof Probe>

/**
 * `/health` for people and dashboards, `/health/live` for whoever restarts: it asks nothing but this process itself, whose loop has to turn
 * for an answer; `/health/ready` for whoever routes.
 */
export function healthRoutes(deps: HealthDeps): Route[] {
  const { pingDatabase, phase, leaseHeld, nodeReplaced, clientOutdated, connectedSessions, websocketClients } = deps
  // these doors have no limit: watchers come from anywhere, and a crowd must not cost the database more than one of them
  const answers = shareAnswer({
    ask: () =>
      pingDatabase().then(
        () => true,
        () => false,
      ),
    forMs: sharedMs,
  })
  const reasons = async (): Promise<HealthReason[]> => {
    const found: HealthReason[] = (await answers()) ? [] : ['database']
    if (nodeReplaced()) found.push('node_replaced')
    else if (!leaseHeld()) found.push('lease')
    if (clientOutdated()) found.push('engine_outdated')
    return found
  }
  return [
    route({
      method: 'get',
      path: '/health',
      summary: 'State of this node',
      answer: Health,
      async handle(): Promise<Health> {
        const why = await reasons()
        return {
          status: why.length === 0 ? 'healthy' : 'degraded',
          reasons: why,
          timestamp: new Date().toISOString(),
          sessions: connectedSessions(),
          websocketClients: websocketClients(),
        }
      },
    }),
    route({
      method: 'get',
      path: '/health/live',
      summary: 'The process runs',
      answer: Probe,
      handle: async (): Promise<Probe> => ({ status: 'ok' }),
    }),
    route({
      method: 'get',
      path: '/health/ready',
      summary: 'The process can serve: 200, else 503',
      answer: Probe,
      async handle(): Promise<Probe> {
        if (phase() === 'starting') throw notReady('starting')
        if (phase() === 'draining') throw notReady('shutting_down')
        // what this process knows by itself needs no database, which may let it wait
        if (nodeReplaced()) throw notReady('node_replaced')
        if (!leaseHeld()) throw notReady('lease_lost')
        if (!(await answers())) throw notReady('database_unavailable')
        return { status: 'ok' }
      },
    }),
  ]
}

const whyNot = {
  starting: 'This node is starting.',
  shutting_down: 'This node is stopping.',
  database_unavailable: 'The database does not answer.',
  node_replaced:
    'Another process has started under the NODE_NAME of this one, which runs no sessions until it is started again.',
  lease_lost: 'This node is not sure of its lease, as when the database does not answer.',
} as const

function notReady(code: keyof typeof whyNot): GatewayError {
  return new GatewayError({
    code,
    status: 503,
    message: whyNot[code],
    action: code === 'node_replaced' ? ownNameHint : 'Route requests to another node until this one is ready.',
    retryAfterSeconds: 5,
  })
}
