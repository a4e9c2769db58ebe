import type { ErrorCode } from '../../contract/errors.js'
import { servicesOnly } from './access.js'
import { isKept, type Route } from './route.js'

type Answers = Record<string, { description: string; codes: ErrorCode[]; waits: boolean }>

const statuses: Partial<Record<ErrorCode, number>> = {
  bad_request: 400,
  invalid_json: 400,
  validation_failed: 400,
  user_unknown: 400,
  unauthenticated: 401,
  invalid_service_token: 401,
  forbidden: 403,
  foreign_origin: 403,
  idempotency_in_flight: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  rate_limited: 429,
  too_many_attempts: 429,
  internal_error: 500,
  database_unavailable: 503,
}

const titles: Record<number, string> = {
  400: 'The request is not as it should be',
  401: 'Nobody known is asking',
  403: 'Whoever asks may not',
  409: 'Another request is in the way',
  413: 'The body is too large',
  415: 'The body is not plain JSON',
  422: 'The Idempotency-Key belongs to another request',
  429: 'Too many requests',
  500: 'The gateway’s own fault',
  503: 'Not at the moment',
}

/** Only where the door counts: below `/api`, and at the routes of services. */
export const isCounted = ({ access, path }: Route): boolean => path.startsWith('/api/') || access !== undefined

function codesOf(route: Route): ErrorCode[] {
  const { access, params, query, body } = route
  const codes: ErrorCode[] = ['bad_request', 'internal_error', 'database_unavailable']
  if (params ?? query ?? body ?? (isKept(route) || undefined)) codes.push('validation_failed')
  if (body) codes.push('invalid_json', 'body_too_large', 'unsupported_media_type')
  if (isKept(route)) codes.push('idempotency_in_flight', 'idempotency_key_reused')
  if (isCounted(route)) codes.push('foreign_origin', 'rate_limited', 'too_many_attempts', 'user_unknown')
  if (access) codes.push(servicesOnly(access) ? 'invalid_service_token' : 'unauthenticated', 'forbidden')
  else if (isCounted(route)) codes.push('unauthenticated')
  return codes
}

/** The same over all routes, by status: said once for all of them. */
export function problemsOfAll(routes: readonly Route[]): Answers {
  const all: Answers = {}
  for (const [status, { description, codes, waits }] of routes.flatMap(route => Object.entries(problemsOf(route)))) {
    const known = new Set([...(all[status]?.codes ?? []), ...codes])
    all[status] = { description, codes: [...known], waits }
  }
  return all
}

/** By status, the codes that every route of this kind may answer; what only one route says comes as the `default` answer. */
export function problemsOf(route: Route): Answers {
  const answers: Answers = {}
  for (const code of codesOf(route)) {
    const status = statuses[code] ?? 500
    const known = answers[status]
    const description = titles[status] ?? 'A problem'
    if (known) known.codes.push(code)
    else answers[status] = { description, codes: [code], waits: status === 429 || status === 503 }
  }
  return answers
}
