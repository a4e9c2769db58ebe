import { z } from 'zod'
import { Problem } from '../../contract/errors.js'
import type { Access } from './access.js'
import { route, type Route } from './route.js'

type Schema = z.ZodType

const jsonSchema = (schema: Schema, io: 'input' | 'output') => z.toJSONSchema(schema, { target: 'draft-2020-12', io })

/**
 * The OpenAPI 3.1 document of a list of routes. Schemas are the very ones that requests and answers pass.
 * Source of the form: OpenAPI Specification 3.1.1, whose schemas are JSON Schema 2020-12.
 */
export function openApiDocument(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const definition of routes) {
    const path = definition.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [definition.method]: operation(definition) }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'WHIZ LITE', version, license: { name: 'GPL-3.0-or-later', identifier: 'GPL-3.0-or-later' } },
    paths,
    components: {
      schemas: { Problem: jsonSchema(Problem, 'output') },
      securitySchemes,
    },
  }
}

/** `/openapi.json`, describing the given routes and itself. */
export function openApiRoutes(described: readonly Route[], version: string): Route[] {
  const self = route({
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    answer: z.record(z.string(), z.unknown()),
    handle: async (): Promise<Record<string, unknown>> => document,
  })
  const document = openApiDocument([...described, self], version)
  return [self]
}

function operation({ path, summary, access, query, body, answer }: Route): Record<string, unknown> {
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...queryParameters(query),
  ]
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return {
    summary,
    ...(access && { security: securityOf(access) }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        // no body is read as one without fields
        required: !body.safeParse({}).success,
        content: { 'application/json': { schema: jsonSchema(body, 'input') } },
      },
    }),
    responses: {
      ...(answer
        ? { 200: { description: 'Success', content: { 'application/json': { schema: jsonSchema(answer, 'output') } } } }
        : { 204: { description: 'Success, without a body' } }),
      default: { description: 'A problem; switch on its `code`', content: problem },
    },
  }
}

const securitySchemes = {
  accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'whiz_live_…' },
  serviceToken: { type: 'http', scheme: 'bearer' },
} as const

const schemeOf = { user: 'accessToken', key: 'apiKey', service: 'serviceToken' } as const

/** Any one of them will do. */
const securityOf = ({ kinds = ['user', 'key', 'service'] }: Access) => kinds.map(kind => ({ [schemeOf[kind]]: [] }))

function queryParameters(query: Schema | undefined): Record<string, unknown>[] {
  if (query === undefined) return []
  const { properties = {} } = jsonSchema(query, 'input') as { properties?: Record<string, { description?: string }> }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    ...(description !== undefined && { description }),
    schema,
  }))
}
