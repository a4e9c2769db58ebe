import { randomBytes } from 'node:crypto'
import { Router } from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openDoor } from '../../../tests/support/open-door.js'
import { createLog } from '../log.js'
import { visitorToken } from './actor.js'
import { newVisitorToken, visitorCookie } from './attempt-cookie.js'
import { route } from './route.js'
import { createHttpServer, type HttpServer } from './server.js'

const serviceToken = randomBytes(32).toString('hex')
const cookies = { secure: false }
const cookie = visitorCookie(newVisitorToken(), cookies).split(';')[0] ?? ''
const answer = z.object({ kind: z.string(), cookie: z.boolean() })

/** Where nothing but the service token is taken, by services that know no other address of it. */
const inner = '/inner/things'

const routes = (['post', 'get'] as const).flatMap(method => [
  route({
    method,
    path: '/api/public',
    summary: 'Who is asking',
    answer,
    handle: async ({ actor }) => ({ kind: actor.kind, cookie: visitorToken(actor) !== null }),
  }),
  route({
    method,
    path: inner,
    summary: 'Who is asking, of services alone',
    access: { scope: 'read', kinds: ['service'] },
    answer,
    handle: async ({ actor }) => ({ kind: actor.kind, cookie: visitorToken(actor) !== null }),
  }),
])

const opened: HttpServer[] = []
const logged: string[] = []
let url = ''
let tokenlessUrl = ''

async function open(token: string | null): Promise<string> {
  const log = createLog({ level: 'debug', destination: { write: line => void logged.push(line) } })
  const server = createHttpServer({
    log,
    routes,
    pages: Router(),
    onUpgrade: () => {},
    ...openDoor(token),
    publicUrl: null,
  })
  opened.push(server)
  return `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}`
}

beforeAll(async () => {
  url = await open(serviceToken)
  tokenlessUrl = await open(null)
})

afterAll(() => Promise.all(opened.map(server => server[Symbol.asyncDispose]())))

async function ask(path: string, headers: Record<string, string>, base = url) {
  const response = await fetch(base + path, { headers })
  const { requestId, ...body } = (await response.json()) as { code?: string; requestId?: string }
  if (requestId !== undefined) expect(response.headers.get('x-request-id')).toBe(requestId)
  return { status: response.status, headers: response.headers, body }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('the service token', () => {
  test('makes a caller a service, without a cookie, whatever it sends along', async () => {
    const { status, body } = await ask(inner, { ...bearer(serviceToken), cookie })
    expect({ status, body }).toEqual({ status: 200, body: { kind: 'service', cookie: false } })
    expect((await ask('/api/public', bearer(serviceToken))).body).toEqual({ kind: 'service', cookie: false })
  })

  test('needs no Origin to change something', async () => {
    const headers = { ...bearer(serviceToken), 'content-type': 'application/json' }
    const response = await fetch(url + inner, { method: 'POST', headers, body: '{}' })
    expect(response.status).toBe(200)
  })

  test('is asked of everybody on a service route: neither nothing nor a cookie is enough', async () => {
    for (const headers of [{}, { cookie }, { cookie: `whizlite-attempt=${serviceToken}` }]) {
      expect(await ask(inner, headers)).toMatchObject({
        status: 401,
        body: { code: 'invalid_service_token' },
      })
    }
  })

  const wrong: [string, Record<string, string>][] = [
    ['another', bearer(randomBytes(32).toString('hex'))],
    ['its beginning', bearer(serviceToken.slice(0, -1))],
    ['more than it', bearer(`${serviceToken}0`)],
    ['in other letters', bearer(serviceToken.toUpperCase())],
    ['none', { authorization: 'Bearer' }],
    ['a blank one', { authorization: '' }],
    ['another scheme', { authorization: `Token ${serviceToken}` }],
    ['no scheme', { authorization: serviceToken }],
    ['two', bearer(`${serviceToken} ${serviceToken}`)],
    ['a very long one', bearer('x'.repeat(8_000))],
  ]

  test.each(wrong)(
    'that is wrong (%s) is refused everywhere, always the same, and makes nobody a visitor',
    async (_, given) => {
      const bodies = new Map([[inner, (await ask(inner, {})).body]])
      for (const path of [inner, '/api/public', '/api/nowhere']) {
        const refused = await ask(path, { ...given, cookie })
        const body = bodies.get(path) ?? expect.objectContaining({ code: 'unauthenticated' })
        expect({ status: refused.status, body: refused.body }).toEqual({ status: 401, body })
        expect(refused.headers.get('www-authenticate')).toBe('Bearer')
        expect(refused.headers.get('access-control-allow-origin')).toBeNull()
      }
    },
  )

  test('is not meant by the password of a proxy, which leaves a visitor a visitor', async () => {
    for (const scheme of ['Basic', 'digest']) {
      const headers = { authorization: `${scheme} ${serviceToken}`, cookie }
      expect((await ask('/api/public', headers)).body).toEqual({ kind: 'visitor', cookie: true })
      expect(await ask(inner, headers)).toMatchObject({ status: 401 })
    }
  })

  test('cannot be right where there is none', async () => {
    for (const headers of [bearer(serviceToken), { authorization: 'Bearer' }, { authorization: '' }, {}]) {
      expect(await ask(inner, headers, tokenlessUrl)).toMatchObject({ status: 401 })
    }
  })

  test('is refused before a body is read, and never logged', async () => {
    const headers = { ...bearer('guess-of-a-stranger'), 'content-type': 'text/plain' }
    const response = await fetch(`${url}/api/public`, { method: 'POST', headers, body: '{' })
    expect(response.status).toBe(401)
    expect(logged.join()).not.toContain('guess-of-a-stranger')
    expect(logged.join()).not.toContain(serviceToken)
  })
})
