import { z } from 'zod'
import { openApiDocument } from '../../src/backend/http/openapi.js'
import type { Route } from '../../src/backend/http/route.js'

type Described = { content?: Record<string, { schema: object }> }
type Operation = { method: string; path: RegExp; places: number; responses: Record<string, Described> }

const watched = new Set<string>()
const plainFetch = globalThis.fetch
const readers = new Map<string, z.ZodType>()
/** All gateways of a process have the same routes. */
let described: Operation[] | null = null

/**
 * Holds every good answer that anybody in this process fetches from there against what `/openapi.json` says of it; whoever asked gets an error
 * instead of one that differs.
 * @param url of a gateway
 * @returns what ends it
 */
export function checkAnswers(url: string, routes: readonly Route[]): () => void {
  described ??= operationsOf(routes)
  watched.add(url)
  globalThis.fetch = checkedFetch
  return () => {
    watched.delete(url)
    if (watched.size === 0 && globalThis.fetch === checkedFetch) globalThis.fetch = plainFetch
  }
}

const checkedFetch: typeof fetch = async (input, init) => {
  const response = await plainFetch(input, init)
  const { origin, pathname } = new URL(response.url === '' ? 'none:' : response.url)
  if (!response.ok || !watched.has(origin)) return response
  const type = response.headers.get('content-type') ?? ''
  const answer = type.startsWith('application/json') ? ((await response.clone().json()) as unknown) : undefined
  const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toLowerCase()
  const fault = answerFault(described ?? [], { method, path: pathname, status: response.status, answer })
  if (fault !== null) throw new Error(`${method.toUpperCase()} ${pathname} and /openapi.json differ: ${fault}`)
  return response
}

export type Given = { method: string; path: string; status: number; /** Absent: no JSON. */ answer?: unknown }

/** @returns what is wrong about a good answer; null: nothing, or it is no route's */
export function answerFault(operations: readonly Operation[], { method, path, status, answer }: Given): string | null {
  const operation = operations.find(one => one.method === method && one.path.test(path))
  if (operation === undefined)
    return answer === undefined || method === 'head' ? null : 'it does not know of this route'
  const told = operation.responses[status]
  if (told === undefined) return `it does not know of the answer ${status}`
  const schema = told.content?.['application/json']?.schema
  if (schema === undefined) return answer === undefined ? null : 'it knows of no body'
  if (answer === undefined) return 'the body is no JSON'
  const read = readerOf(schema).safeParse(answer)
  return read.success ? null : read.error.message
}

/** What takes exactly that which a schema of the document describes. */
export function readerOf(schema: object): z.ZodType {
  const text = JSON.stringify(schema)
  const known = readers.get(text)
  if (known !== undefined) return known
  // zod reads patterns without the flag that properties of characters need, which JSON Schema's have (2020-12, 6.4)
  const readable = JSON.parse(text, (key, value: unknown) =>
    key === 'pattern' && String(value).match(/\\p\{/i) ? undefined : value,
  ) as Parameters<typeof z.fromJSONSchema>[0]
  const reader = z.fromJSONSchema(readable)
  readers.set(text, reader)
  return reader
}

export function operationsOf(routes: readonly Route[]): Operation[] {
  const { paths } = openApiDocument(routes, 'test') as { paths: Record<string, Record<string, Operation>> }
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({
      method,
      path: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
      places: path.split('{').length,
      responses,
    })),
  )
  // `current` before any id
  return all.toSorted((a, b) => a.places - b.places)
}
