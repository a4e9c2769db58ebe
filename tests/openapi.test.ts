import { Validator } from '@seriousme/openapi-schema-validator'
import { beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import type { JsonSchema } from '../src/backend/http/openapi-examples.js'
import { namedRoutes } from '../src/backend/http/operation-ids.js'
import { readerOf } from './support/checked-answers.js'
import { nameOf } from './support/route-samples.js'
import { TestGateway } from './support/test-gateway.js'

type Content = Record<string, { schema: JsonSchema; example?: unknown }>
type Operation = {
  operationId?: string
  security: Record<string, string[]>[]
  parameters: { $ref?: string }[]
  requestBody?: { content: Content }
  responses: Record<string, { headers?: Record<string, unknown>; content?: Content }>
}
type Document = { paths: Record<string, Record<string, Operation>> }

let document: Document
let routes: string[]
let bodies: Map<string, z.ZodType>

beforeAll(async () => {
  await using gateway = await TestGateway.start()
  document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Document
  routes = gateway.routes.map(nameOf)
  bodies = new Map(gateway.routes.flatMap(route => (route.body ? [[nameOf(route), route.body]] : [])))
}, 60_000)

const operations = (): [string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  )

test('a validator of OpenAPI 3.1 accepts the document', async () => {
  const checked = await new Validator().validate(document)
  expect(checked).toMatchObject({ valid: true })
})

describe('every operation has an example', () => {
  /** By the document alone, as a stranger's program would. */
  const taken = ({ schema, example }: Content[string]): unknown => {
    const read = readerOf(schema).safeParse(example)
    return read.success ? 'taken' : { example, error: read.error.message }
  }

  test('of what it takes, which it does take', () => {
    const taking = operations().filter(([, { requestBody }]) => requestBody)
    expect(taking.length).toBe(bodies.size)
    for (const [name, { requestBody }] of taking) {
      const content = requestBody?.content['application/json']
      if (content === undefined) throw new Error(`${name} takes no JSON`)
      expect({ name, is: taken(content) }).toEqual({ name, is: 'taken' })
      const read = bodies.get(name.replaceAll(/\{(\w+)\}/g, ':$1'))?.safeParse(content.example)
      expect({ name, error: read?.error?.message ?? null, read: read?.success }).toEqual({
        name,
        error: null,
        read: true,
      })
    }
  })

  test('of what it answers when all goes well, unless that is nothing', () => {
    for (const [name, { responses }] of operations()) {
      const [[status, { content }] = ['none', {}]] = Object.entries(responses).filter(([one]) => one.startsWith('2'))
      if (status === '204') continue
      const json = content?.['application/json']
      const lines = content?.['application/x-ndjson']?.example
      expect({ name, is: json ? taken(json) : typeof JSON.parse(String(lines)) }).toEqual({
        name,
        is: json ? 'taken' : 'object',
      })
    }
  })

  test('that shows values as people know them, not fillings', () => {
    const fillings: string[] = []
    const look = (name: string, value: unknown): void => {
      if (value === '1' || /^x{2,}$/.test(String(value))) fillings.push(name)
      if (typeof value === 'object' && value !== null)
        for (const [field, within] of Object.entries(value)) look(`${name} ${field}`, within)
    }
    for (const [name, { requestBody, responses }] of operations())
      for (const content of [requestBody?.content, ...Object.values(responses).map(answer => answer.content)])
        look(name, content?.['application/json']?.example)
    expect(fillings).toEqual([])
  })
})

test('every route has a name of its own in generated clients, and every name is that of a route', () => {
  expect(namedRoutes().toSorted()).toEqual(routes.toSorted())
  const ids = operations().map(([, { operationId }]) => operationId)
  expect(ids).toHaveLength(routes.length)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]+$/)
})

test('names once given are kept', () => {
  const recorded = Object.fromEntries(operations().map(([name, { operationId }]) => [name, operationId]))
  expect(recorded).toMatchSnapshot()
})

test('says who may ask with which scope, and which headers count', () => {
  const found = Object.fromEntries(operations())
  expect(found['GET /api/v1/sessions']?.security).toEqual([
    { accessToken: ['read'] },
    { apiKey: ['read'] },
    { serviceToken: ['read'] },
  ])
  expect(found['POST /connect']?.security).toEqual([{ serviceToken: ['sessions'] }])
  expect(found['GET /api/sessions/{sessionId}']?.security).toEqual([{ attemptCookie: [] }])
  expect(found['GET /health']?.security).toEqual([])
  const linking = found['POST /api/v1/sessions']
  expect(linking?.parameters).toContainEqual({ $ref: '#/components/parameters/idempotencyKey' })
  expect(Object.keys(linking?.responses['429']?.headers ?? {})).toContain('Retry-After')
  expect(Object.keys(linking?.responses ?? {})).toEqual(
    expect.arrayContaining(['200', '400', '401', '403', '409', '413', '415', '422', '429', '500', '503']),
  )
})
