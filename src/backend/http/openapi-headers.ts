import { takesServices } from './openapi-security.js'
import { isCounted } from './openapi-problems.js'
import { isKept, type Route } from './route.js'

const text = { type: 'string' } as const
const whole = { type: 'integer', minimum: 0 } as const

/** Of answers. */
export const headers = {
  'X-Request-Id': { description: 'By it the log names the request.', schema: text },
  'Retry-After': { description: 'Seconds to wait before asking again.', schema: whole },
  'RateLimit-Limit': { description: 'Requests that may come at once.', schema: whole },
  'RateLimit-Remaining': { description: 'How many are left of those.', schema: whole },
  'RateLimit-Reset': { description: 'Seconds until all are there again.', schema: whole },
  'Idempotency-Replayed': {
    description: '`true`: this is the answer to the first request with this key.',
    schema: { type: 'string', enum: ['true'] },
  },
} as const

/** Of requests. */
export const headerParameters = {
  requestId: {
    name: 'X-Request-Id',
    in: 'header',
    description: 'An id of your own for this request: 8 to 40 letters, digits, dots, underscores and hyphens.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{7,39}$' },
  },
  idempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'The same request again with the same key is answered as the first one was, and done once. It is kept for a day.',
    schema: { type: 'string', pattern: '^[!-~]{1,200}$' },
  },
  userId: {
    name: 'X-User-Id',
    in: 'header',
    description: 'With the service token: the member for whom is asked. Without it, the operator’s own.',
    schema: { type: 'string', format: 'uuid' },
  },
  workspaceId: {
    name: 'X-Workspace-Id',
    in: 'header',
    description: 'With X-User-Id: the workspace of that member, if it is not the operator’s.',
    schema: { type: 'string', format: 'uuid' },
  },
} as const

const parameter = (name: keyof typeof headerParameters) => ({ $ref: `#/components/parameters/${name}` })

export function headersTaken(route: Route): { $ref: string }[] {
  const services = route.access && takesServices(route.access)
  return [
    parameter('requestId'),
    ...(isKept(route) ? [parameter('idempotencyKey')] : []),
    ...(services === true ? [parameter('userId'), parameter('workspaceId')] : []),
  ]
}

const named = (names: readonly (keyof typeof headers)[]) =>
  Object.fromEntries(names.map(name => [name, { $ref: `#/components/headers/${name}` }]))

const ofLimits = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'] as const

export function headersGiven(route: Route, answer: 'success' | 'problem' | 'wait'): Record<string, { $ref: string }> {
  return named([
    'X-Request-Id',
    ...(answer === 'wait' ? (['Retry-After'] as const) : []),
    ...(isCounted(route) && route.access ? ofLimits : []),
    ...(isKept(route) && answer === 'success' ? (['Idempotency-Replayed'] as const) : []),
  ])
}
