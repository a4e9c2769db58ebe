import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendRaw, type RawAnswer } from './support/raw-request.js'
import { expectProblem, expectUnharmed, secret, send } from './support/refusals.js'
import {
  expectAllRoutesTried,
  nameOf,
  noSession,
  pathOf,
  routesWithBody,
  routesWithId,
  sessionRoutes,
  type SessionRoute,
} from './support/session-routes.js'
import { TestGateway } from './support/test-gateway.js'

const token = randomBytes(32).toString('hex')
const service = { authorization: `Bearer ${token}` }
const json = { 'content-type': 'application/json' }
const megabyte = 1024 * 1024
const one = `/api/v1/sessions/${noSession}`

let gateway: TestGateway

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
})

afterAll(async () => {
  try {
    await expectUnharmed(gateway)
  } finally {
    await gateway[Symbol.asyncDispose]()
  }
})

/** As the operator's program, with what is given in place of what would be right. */
function ask(
  route: SessionRoute,
  { id, headers = {}, body }: { id?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  const right = route.body && JSON.stringify(route.body)
  return send(gateway.url + pathOf(route, id), route.method, { ...json, ...service, ...headers }, body ?? right)
}

const named = (routes: readonly SessionRoute[]) => routes.map(route => [nameOf(route), route] as const)

/** Routes that services know by name take the service token alone, and say so. */
const codeOf = ({ path }: SessionRoute) => (path.startsWith('/api/') ? 'unauthenticated' : 'invalid_service_token')

const fieldsOf = ({ errors }: { errors?: unknown }) => (errors as { path: string }[]).map(({ path }) => path)

test('every route about sessions is tried here', () => expectAllRoutesTried(gateway))

describe('who asks', () => {
  test.each(named(sessionRoutes))('%s must show the service token', async (_, route) => {
    const url = gateway.url + pathOf(route)
    const body = route.body && JSON.stringify(route.body)
    for (const claim of [
      {},
      { authorization: 'Bearer' },
      { authorization: `Bearer ${secret}` },
      { authorization: `Bearer ${token}x` },
      { authorization: `Bearer ${token} ${token}` },
      { authorization: `Basic ${Buffer.from(`service:${token}`).toString('base64')}` },
      { authorization: token },
      { cookie: `authorization=${token}; token=${token}` },
      { 'x-api-key': token },
    ] satisfies HeadersInit[]) {
      const answer = await send(url, route.method, { ...json, ...claim }, body)
      expectProblem(answer, 401, codeOf(route))
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    }
    const inAddress = await send(`${url}?access_token=${token}&token=${token}`, route.method, json, body)
    expectProblem(inAddress, 401, codeOf(route))
  })

  test.each(named(sessionRoutes))(
    '%s is not for pages of other sites, though they know the token',
    async (_, route) => {
      const { method } = route
      for (const origin of ['https://evil.example', 'null']) {
        const preflight = {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization',
        }
        expectProblem(await send(gateway.url + pathOf(route), 'OPTIONS', preflight), 403, 'foreign_origin')
        const answer = await ask(route, { headers: { origin, 'sec-fetch-site': 'cross-site' } })
        // what changes nothing is kept from the page by its browser
        if (method === 'GET') expect(answer.headers.get('access-control-allow-origin')).toBeNull()
        else expectProblem(answer, 403, 'foreign_origin')
      }
    },
  )
})

test.each([
  ['PUT', '/api/v1/sessions', 'GET, POST'],
  ['DELETE', '/api/v1/sessions', 'GET, POST'],
  ['PUT', '/api/v1/sessions/import', 'POST'],
  ['PUT', one, 'GET, PATCH, DELETE'],
  ['POST', one, 'GET, PATCH, DELETE'],
  ['DELETE', `${one}/history`, 'GET'],
  ...['connect', 'disconnect', 'reconnect', 'logout', 'hand-off', 'take-back'].map(
    name => ['GET', `${one}/${name}`, 'POST'] as const,
  ),
  ['GET', '/connect', 'POST'],
  ['DELETE', '/disconnect', 'POST'],
  ['PATCH', '/reconnect', 'POST'],
  ['POST', `/session-status/${noSession}`, 'GET'],
  ['POST', '/sessions', 'GET'],
] as const)('%s %s is told which methods there are', async (method, path, allowed) => {
  const body = method === 'GET' ? undefined : '{}'
  const answer = await send(gateway.url + path, method, { ...json, ...service }, body)
  const { action } = expectProblem(answer, 405, 'method_not_allowed')
  expect(answer.headers.get('allow')).toBe(allowed)
  expect(action).toContain(allowed)
})

describe('an id', () => {
  const ids = [
    noSession,
    noSession.toUpperCase(),
    secret,
    'import',
    '%00',
    '..%2f..%2fhealth',
    '__proto__',
    'constructor',
    'null',
    '-1',
    '%27%20or%201=1--',
    `${noSession}%20`,
    `${noSession}0`,
    `%7B${noSession}%7D`,
    noSession.replaceAll('-', ''),
    'x'.repeat(10_000),
  ]

  test.each(named(routesWithId))('that names nothing is unknown to %s', async (_, route) => {
    for (const id of ids) {
      // POST /api/v1/sessions/import/… is nobody's
      expectProblem(await ask(route, { id }), 404, 'session_not_found')
    }
  })

  test.each(['%zz', '%c0%ae'])('%s cannot be read', async id => {
    for (const route of routesWithId) expectProblem(await ask(route, { id }), 400, 'bad_request')
  })
})

test.each([
  ['/api/v1/sessions?limit=', 'limit'],
  ['/api/v1/sessions?limit=0', 'limit'],
  ['/api/v1/sessions?limit=201', 'limit'],
  ['/api/v1/sessions?limit=1e2', 'limit'],
  ['/api/v1/sessions?limit=10&limit=20', 'limit'],
  ['/api/v1/sessions?limit[]=10', 'limit[]'],
  ['/api/v1/sessions?cursor=', 'cursor'],
  ['/api/v1/sessions?cursor=x', 'cursor'],
  [`/api/v1/sessions?cursor=${'x'.repeat(101)}`, 'cursor'],
  ['/api/v1/sessions?state=', 'state'],
  ['/api/v1/sessions?state=connected,well', 'state'],
  ['/api/v1/sessions?state=connected&state=banned', 'state'],
  ['/api/v1/sessions?colour=red', 'colour'],
  [`${one}/history?limit=0`, 'limit'],
  [`${one}/history?before=x`, 'before'],
  [`${one}/history?before=-1`, 'before'],
  [`${one}/history?before=${'9'.repeat(19)}`, 'before'],
  [`${one}/history?before=%00`, 'before'],
])('GET %s is refused for its field %s', async (path, field) => {
  const answer = await send(gateway.url + path, 'GET', service)
  expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual([field])
})

describe('a body', () => {
  test.each(named(routesWithBody))('that is no JSON object is refused by %s', async (_, route) => {
    const bodies = ['', secret, `{"a":"${secret}`, '12', 'null', `["${secret}"]`, '{}{}', `{"__proto__":{"a":1}}`]
    for (const body of bodies) expectProblem(await ask(route, { body }), 400, 'invalid_json')
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      expectProblem(await ask(route, { headers: { 'content-type': type } }), 415, 'unsupported_media_type')
    expectProblem(await ask(route, { headers: { 'content-encoding': 'gzip' } }), 415, 'unsupported_media_type')
  })

  test.each(named(routesWithBody))('with a field that %s does not know is refused', async (_, route) => {
    const body = JSON.stringify({ ...route.body, colour: secret })
    expect(fieldsOf(expectProblem(await ask(route, { body }), 400, 'validation_failed'))).toEqual(['colour'])
  })

  test.each(named(routesWithBody))('that is too large is refused by %s', async (_, route) => {
    const filled = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`
    expectProblem(await ask(route, { body: filled(65_536) }), 400, 'validation_failed')
    expectProblem(await ask(route, { body: filled(65_537) }), 413, 'body_too_large')
    const head = [`${route.method} ${pathOf(route)} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json']
    const announced = [`Content-Length: ${100 * megabyte}`, '\r\n']
    const authorization = `Authorization: ${service.authorization}`
    expectProblem(
      await sendRaw(gateway.url, [...head, authorization, ...announced].join('\r\n')),
      413,
      'body_too_large',
    )
    // who is nobody is not read from at all
    const wrong = await sendRaw(gateway.url, [...head, 'Authorization: Bearer x', ...announced].join('\r\n'))
    expectProblem(wrong, 401, codeOf(route))
  })

  const starts: [body: object, ...fields: string[]][] = [
    [{ sessionId: 7 }, 'sessionId'],
    [{ sessionId: null }, 'sessionId'],
    [{ sessionId: secret }, 'sessionId'],
    [{ sessionId: [noSession] }, 'sessionId'],
    [{ phoneNumber: 254_712_345_678 }, 'phoneNumber'],
    [{ phoneNumber: null }, 'phoneNumber'],
    [{ phoneNumber: '' }, 'phoneNumber'],
    [{ phoneNumber: 'none', method: 'code' }, 'phoneNumber'],
    [{ phoneNumber: '0712 345678' }, 'phoneNumber'],
    [{ phoneNumber: '254712345678@s.whatsapp.net' }, 'phoneNumber'],
    [{ phoneNumber: '1'.repeat(1_000) }, 'phoneNumber'],
    [{ method: 'code' }, 'phoneNumber'],
    [{ method: 'fax' }, 'method'],
    [{ method: null }, 'method'],
    [{ deliverSessionId: 'yes' }, 'deliverSessionId'],
    [{ deliverSessionId: 1, method: true }, 'method', 'deliverSessionId'],
  ]
  const names = ['', '   ', 5, {}, 'x'.repeat(101), 'a\u0007b', 'a\nb']

  test.each<[method: SessionRoute['method'], path: string, body: object, ...fields: string[]]>([
    ...starts.flatMap(([body, ...fields]) =>
      ['/api/v1/sessions', '/connect'].map(
        path => ['POST', path, body, ...fields] as ['POST', string, object, ...string[]],
      ),
    ),
    ...names.flatMap(name => [
      ['POST', '/api/v1/sessions', { name }, 'name'] as ['POST', string, object, string],
      ['POST', '/connect', { sessionName: name }, 'sessionName'] as ['POST', string, object, string],
      ['PATCH', one, { name }, 'name'] as ['PATCH', string, object, string],
    ]),
    ['POST', '/api/v1/sessions', { name: null }, 'name'],
    ['POST', '/api/v1/sessions', { mode: 'owned' }, 'mode'],
    ['POST', '/api/v1/sessions', { mode: 'handed_off', deliverSessionId: false }, 'deliverSessionId'],
    ['POST', '/connect', { mode: 'managed' }, 'mode'],
    ['PATCH', one, {}, 'name'],
    ['POST', '/api/v1/sessions/import', {}, 'sessionIdString'],
    ['POST', '/api/v1/sessions/import', { sessionIdString: '' }, 'sessionIdString'],
    ['POST', '/api/v1/sessions/import', { sessionIdString: 5, botStopped: 'true' }, 'sessionIdString', 'botStopped'],
    ['POST', `${one}/take-back`, { sessionIdString: '', botStopped: 1 }, 'sessionIdString', 'botStopped'],
    ['POST', `${one}/hand-off`, { deliverSessionId: 'true' }, 'deliverSessionId'],
    ...['/disconnect', '/reconnect'].flatMap(path => [
      ['POST', path, {}, 'sessionId'] as ['POST', string, object, string],
      ['POST', path, { sessionId: 7 }, 'sessionId'] as ['POST', string, object, string],
      ['POST', path, { sessionId: `${noSession} ` }, 'sessionId'] as ['POST', string, object, string],
    ]),
  ])('%s %s %j is refused for its fields', async (method, path, body, ...fields) => {
    const answer = await ask({ method, path, body })
    expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual(fields)
  })

  test.each([secret, `WHIZLITE_${secret}`, 'x'.repeat(60_000)])(
    'with the session ID %.30s is unreadable',
    async text => {
      const body = { sessionIdString: text, botStopped: true }
      expectProblem(await ask({ method: 'POST', path: '/api/v1/sessions/import', body }), 400, 'session_id_unreadable')
    },
  )

  test('that does not say that the bot is stopped is told so', async () => {
    const body = { sessionIdString: secret }
    expectProblem(await ask({ method: 'POST', path: '/api/v1/sessions/import', body }), 409, 'bot_not_stopped')
  })
})
