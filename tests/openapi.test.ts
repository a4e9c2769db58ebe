import { Validator } from '@seriousme/openapi-schema-validator'
import { beforeAll, expect, test } from 'vitest'
import { namedRoutes } from '../src/backend/http/operation-ids.js'
import { nameOf } from './support/route-samples.js'
import { TestGateway } from './support/test-gateway.js'

type Operation = {
  operationId?: string
  security: Record<string, string[]>[]
  parameters: { $ref?: string }[]
  responses: Record<string, { headers?: Record<string, unknown> }>
}
type Document = { paths: Record<string, Record<string, Operation>> }

let document: Document
let routes: string[]

beforeAll(async () => {
  await using gateway = await TestGateway.start()
  document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as Document
  routes = gateway.routes.map(nameOf)
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
