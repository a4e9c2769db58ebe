import type { Access } from './access.js'
import type { Member } from './actor.js'
import type { Route } from './route.js'

/** Source of the form: OpenAPI Specification 3.1.1, 4.8.27 (Security Scheme Object). */
export const securitySchemes = {
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'What signing in answers with; it lives 15 minutes. A person may do all that their role allows.',
  },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'whiz_live_…',
    description: 'An API key of a member. It must have the scope of the route.',
  },
  serviceToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The operator’s own WHATSAPP_SERVICE_TOKEN. X-User-Id names the member for whom it asks.',
  },
  attemptCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'whizlite-attempt',
    description: 'Of the browser that has started the attempt. On https the name begins with __Host-.',
  },
} as const

export type Scheme = keyof typeof securitySchemes

const schemeOf: Record<Member['kind'], Scheme> = { user: 'accessToken', key: 'apiKey', service: 'serviceToken' }

const everybodyKnown = ['user', 'key', 'service'] as const

export const takesServices = ({ kinds = everybodyKnown }: Access): boolean => kinds.includes('service')

/**
 * Any one of these proofs will do. What stands in the list of each is the scope that it must have: OpenAPI Specification 3.1.1, 4.8.30.
 * `[]`: anyone.
 */
export function securityOf({ access, path }: Pick<Route, 'access' | 'path'>): Partial<Record<Scheme, string[]>>[] {
  if (access) return (access.kinds ?? everybodyKnown).map(kind => ({ [schemeOf[kind]]: [access.scope] }))
  return ownAttempt.test(path) ? [{ attemptCookie: [] }] : []
}

/** What only the browser that started an attempt may ask. */
const ownAttempt = /^\/api\/sessions\/:sessionId/

/** In words, for who reads. */
export function neededBy({ scope, role }: Access): string {
  const least = role === undefined ? '' : role === 'owner' ? ' and the role owner' : ` and at least the role ${role}`
  return `Needs the scope \`${scope}\`${least}.`
}
