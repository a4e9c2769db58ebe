import { expect, test } from 'vitest'
import { z } from 'zod'
import { openApiDocument, openApiRoutes } from './openapi.js'
import { route } from './route.js'

const routes = [
  route({
    method: 'post',
    path: '/things/:thingId/parts',
    summary: 'Add a part',
    params: z.object({ thingId: z.string() }),
    body: z.strictObject({ name: z.string().max(20) }),
    answer: z.strictObject({ id: z.uuid() }),
    handle: async (): Promise<{ id: string }> => ({ id: '' }),
  }),
  route({ method: 'delete', path: '/things/:thingId/parts', summary: 'Remove all parts', handle: async () => {} }),
]

test('describes what routes take and give with their own schemas', () => {
  const { paths } = openApiDocument(routes, '1.2.3') as { paths: Record<string, Record<string, object>> }
  expect(paths).toMatchObject({
    '/things/{thingId}/parts': {
      post: {
        summary: 'Add a part',
        parameters: [{ name: 'thingId', in: 'path', required: true }, { $ref: '#/components/parameters/requestId' }],
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: { properties: { name: { maxLength: 20 } }, additionalProperties: false } },
          },
        },
        responses: { 200: { content: { 'application/json': { schema: { required: ['id'] } } } }, default: {} },
      },
      delete: { responses: { 204: {} } },
    },
  })
})

test('asks for no body where one without fields will do', () => {
  const bare = route({
    method: 'post',
    path: '/things/:thingId/polish',
    summary: 'Polish a thing',
    body: z.strictObject({ shine: z.boolean().optional() }),
    handle: async () => {},
  })
  expect(openApiDocument([bare], '1.2.3')['paths']).toMatchObject({
    '/things/{thingId}/polish': { post: { requestBody: { required: false } } },
  })
})

test('the route that serves the document is part of it', async () => {
  const [self] = openApiRoutes(routes, '1.2.3')
  const document = openApiDocument([...routes, ...(self ? [self] : [])], '1.2.3')
  expect(Object.keys(document['paths'] as object)).toContain('/openapi.json')
})
