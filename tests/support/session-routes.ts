import { expect } from 'vitest'
import type { TestGateway } from './test-gateway.js'

/** Well formed, and of no session. */
export const noSession = '00000000-0000-4000-8000-000000000000'

export type SessionRoute = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** As OpenAPI writes it. */
  path: string
  /** A body that is as it should be; absent where none is read. */
  body?: object
}

const command = (name: string, body = {}): SessionRoute => ({
  method: 'POST',
  path: `/api/v1/sessions/{sessionId}/${name}`,
  body,
})

/** Everything that a service may ask about sessions. */
export const sessionRoutes: readonly SessionRoute[] = [
  { method: 'GET', path: '/api/v1/sessions' },
  { method: 'POST', path: '/api/v1/sessions', body: {} },
  { method: 'POST', path: '/api/v1/sessions/import', body: { sessionIdString: 'WHIZLITE_', botStopped: true } },
  { method: 'GET', path: '/api/v1/sessions/{sessionId}' },
  { method: 'PATCH', path: '/api/v1/sessions/{sessionId}', body: { name: 'Shop' } },
  { method: 'DELETE', path: '/api/v1/sessions/{sessionId}' },
  { method: 'GET', path: '/api/v1/sessions/{sessionId}/history' },
  ...['connect', 'disconnect', 'reconnect', 'logout'].map(name => command(name)),
  command('hand-off', { deliverSessionId: true }),
  command('take-back', { botStopped: true }),
  { method: 'POST', path: '/connect', body: {} },
  { method: 'POST', path: '/disconnect', body: { sessionId: noSession } },
  { method: 'POST', path: '/reconnect', body: { sessionId: noSession } },
  { method: 'GET', path: '/session-status/{sessionId}' },
  { method: 'GET', path: '/sessions' },
]

export const routesWithId = sessionRoutes.filter(({ path }) => path.includes('{sessionId}'))
export const routesWithBody = sessionRoutes.filter(({ body }) => body !== undefined)

export const pathOf = ({ path }: SessionRoute, id = noSession): string => path.replace('{sessionId}', id)

export const nameOf = ({ method, path }: SessionRoute): string => `${method} ${path}`

/** Of programs of today, and of those that know the mission's names. */
const isAboutSessions = (path: string): boolean => !path.startsWith('/api/') || path.startsWith('/api/v1/sessions')

/** None was added that the tables do not know. */
export async function expectAllRoutesTried(gateway: TestGateway): Promise<void> {
  const { body } = await gateway.visitor().request('GET', '/openapi.json')
  const paths = Object.entries(body['paths'] as Record<string, Record<string, { security: unknown[] }>>)
  const described = paths.flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { security }]) =>
      security.length === 0 || !isAboutSessions(path) ? [] : [`${method.toUpperCase()} ${path}`],
    ),
  )
  expect(sessionRoutes.map(nameOf).toSorted()).toEqual(described.toSorted())
}
