import { z } from 'zod'
import { Problem } from '../../contract/errors.js'
import { headerParameters, headers, headersGiven, headersTaken } from './openapi-headers.js'
import { exampleOf, type JsonSchema } from './openapi-examples.js'
import { problemsOf } from './openapi-problems.js'
import { neededBy, securityOf, securitySchemes } from './openapi-security.js'
import { operationIdOf } from './operation-ids.js'
import { route, type Route } from './route.js'

type Schema = z.ZodType

const jsonSchema = (schema: Schema, io: 'input' | 'output') => z.toJSONSchema(schema, { target: 'draft-2020-12', io })

function jsonContent(schema: Schema, io: 'input' | 'output'): Record<string, unknown> {
  const described = jsonSchema(schema, io)
  return { 'application/json': { schema: described, example: exampleOf(described as JsonSchema) } }
}

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
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(Problem, 'output') },
      parameters: headerParameters,
      headers,
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

function operation(definition: Route): Record<string, unknown> {
  const { path, summary, access, query, body } = definition
  const operationId = operationIdOf(definition)
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...queryParameters(query),
    ...headersTaken(definition),
  ]
  return {
    ...(operationId !== null && { operationId }),
    summary,
    ...(access && { description: neededBy(access), 'x-required-role': access.role ?? 'member' }),
    security: securityOf(definition),
    parameters,
    ...(body && {
      requestBody: {
        // no body is read as one without fields
        required: !body.safeParse({}).success,
        content: jsonContent(body, 'input'),
      },
    }),
    responses: { ...success(definition), ...problems(definition) },
  }
}

function success(definition: Route): Record<string, unknown> {
  const given = headersGiven(definition, 'success')
  const { answer, streams } = definition
  if (streams !== undefined) {
    const content = { 'application/x-ndjson': { schema: { type: 'string' }, example: streams.example } }
    return { 200: { description: 'Lines of JSON, as they come', headers: given, content } }
  }
  if (!answer) return { 204: { description: 'Success, without a body', headers: given } }
  return { 200: { description: 'Success', headers: given, content: jsonContent(answer, 'output') } }
}

const problem = { $ref: '#/components/schemas/Problem' } as const
const anyProblem = { 'application/problem+json': { schema: problem } } as const

function problems(definition: Route): Record<string, unknown> {
  const answers = Object.entries(problemsOf(definition)).map(([status, { description, codes, waits }]) => [
    status,
    {
      description: `${description}: ${codes.map(code => `\`${code}\``).join(', ')}, among others`,
      headers: headersGiven(definition, waits ? 'wait' : 'problem'),
      content: anyProblem,
    },
  ])
  const rest = { description: 'A problem; switch on its `code`', content: anyProblem }
  return { ...(Object.fromEntries(answers) as object), default: rest }
}

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
