import { Router } from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openDoor } from '../../../tests/support/open-door.js'
import { GatewayError } from '../errors.js'
import { createLog } from '../log.js'
import { route } from './route.js'
import { createHttpServer, type HttpServer } from './server.js'

const secretAnswer = { name: 'not for anybody' }

const routes = [
  route({
    method: 'post',
    path: '/api/answers-wrongly',
    summary: 'An answer that its own schema refuses',
    body: z.object({ name: z.string() }),
    answer: z.object({ name: z.number() }),
    // as stored data may be, whatever the types say
    handle: async () => secretAnswer as never,
  }),
  route({
    method: 'post',
    path: '/api/finds-nonsense',
    summary: 'Stored data that cannot be read',
    handle: async () => void z.uuid().parse('no id'),
  }),
  ...['/health/ready', '/api/things/:thingId'].map(path =>
    route({
      method: 'get',
      path,
      summary: 'Cannot serve just now',
      handle: async () => {
        throw new GatewayError({ code: 'database_unavailable', status: 503, message: 'Not just now.' })
      },
    }),
  ),
  route({
    method: 'post',
    path: '/api/needs-nothing',
    summary: 'A body without fields',
    body: z.strictObject({}),
    answer: z.object({ fine: z.boolean() }),
    handle: async () => ({ fine: true }),
  }),
]

let server: HttpServer
let url: string
const logged: string[] = []

beforeAll(async () => {
  const log = createLog({ level: 'info', destination: { write: line => void logged.push(line) } })
  server = createHttpServer({ log, routes, pages: Router(), onUpgrade: () => {}, ...openDoor(), publicUrl: null })
  url = `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}`
})

afterAll(() => server[Symbol.asyncDispose]())

async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, body: await response.json() }
}

describe('a schema that fails', () => {
  test('on what came in is the client’s to mend', async () => {
    const answer = await post('/api/answers-wrongly', { name: 7 })
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed', errors: [{ path: 'name' }] } })
  })

  test.each(['/api/answers-wrongly', '/api/finds-nonsense'])(
    'on anything else is ours, and says nothing: %s',
    async path => {
      const before = logged.length
      const { status, body } = await post(path, { name: 'good' })
      expect({ status, body }).toMatchObject({ status: 500, body: { code: 'internal_error' } })
      expect(body).not.toHaveProperty('errors')
      expect(JSON.stringify(body)).not.toContain(secretAnswer.name)
      expect(logged.slice(before).join()).toContain('ZodError')
    },
  )
})

test('what is refused for want of something is logged with the route, not its ids; a health door that says no is not', async () => {
  const before = logged.length
  for (const path of ['/health/ready', '/api/things/b5a1?of=c7']) expect((await fetch(url + path)).status).toBe(503)
  expect(logged.slice(before).map(line => JSON.parse(line))).toEqual([
    {
      level: 50,
      time: expect.any(String),
      part: 'http',
      event: 'request_failed',
      code: 'database_unavailable',
      method: 'GET',
      path: '/api/things/:thingId',
      requestId: expect.any(String),
      status: 503,
    },
  ])
})

describe('no body', () => {
  const bare = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, { method: 'POST', ...init })
    return { status: response.status, body: await response.json() }
  }

  test('is one without fields', async () => {
    expect(await bare('/api/needs-nothing')).toEqual({ status: 200, body: { fine: true } })
    expect(await bare('/api/answers-wrongly')).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
  })

  test('is none when something is claimed about it, as a form of another site does', async () => {
    const type = 'application/x-www-form-urlencoded'
    expect(await bare('/api/needs-nothing', { headers: { 'content-type': type } })).toMatchObject({ status: 415 })
    expect(await bare('/api/needs-nothing', { body: Buffer.from('{}') })).toMatchObject({ status: 415 })
  })
})
