import { z } from 'zod'
import { Health } from '../../contract/health.js'
import { GatewayError } from '../errors.js'
import { route, type Route } from './route.js'
import { shareAnswer } from './shared-answer.js'

export type HealthDeps = {
  /** Resolves when the database answers. */
  pingDatabase: () => Promise<void>
  connectedSessions: () => number
  websocketClients: () => number
}

/** What is told of the database is at most this old, besides the time that it took to find out. */
const sharedMs = 500

const Probe = z.strictObject({ status: z.literal('ok') })
type Probe = z.infer<typeof Probe>

/** `/health` for people and dashboards, `/health/live` and `/health/ready` for whoever restarts and routes. */
export function healthRoutes({ pingDatabase, connectedSessions, websocketClients }: HealthDeps): Route[] {
  // these doors have no limit: watchers come from anywhere, and a crowd must not cost the database more than one of them
  const answers = shareAnswer({
    ask: () =>
      pingDatabase().then(
        () => true,
        () => false,
      ),
    forMs: sharedMs,
  })
  return [
    route({
      method: 'get',
      path: '/health',
      summary: 'State of this node',
      answer: Health,
      handle: async (): Promise<Health> => ({
        status: (await answers()) ? 'healthy' : 'degraded',
        timestamp: new Date().toISOString(),
        sessions: connectedSessions(),
        websocketClients: websocketClients(),
      }),
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
        if (await answers()) return { status: 'ok' }
        throw new GatewayError({
          code: 'database_unavailable',
          status: 503,
          message: 'The database does not answer.',
          action: 'Route requests to another node until this one is ready.',
          retryAfterSeconds: 5,
        })
      },
    }),
  ]
}
