import type { Request, RequestHandler, Response } from 'express'
import { z } from 'zod'
import type { AuditAction } from '../../contract/audit.js'
import { GatewayError } from '../errors.js'
import { fieldErrors, fieldsAtFault } from './field-errors.js'
import { requireAccess, requireOwnSessions, type Access } from './access.js'
import type { Actor, Member } from './actor.js'
import type { Identify } from './identify.js'
import { askedOnce, type Idempotency, type Once } from './idempotency.js'
import { readJsonBody } from './json-body.js'

type Schema = z.ZodType

export type RouteContext<Params, Query, Body> = {
  actor: Actor
  params: Params
  query: Query
  body: Body
  response: Response
  /** Where the request is to be done once, whatever happens meanwhile. */
  once: Once | null
}

/**
 * One route: what comes in, who may ask, what goes out. Both directions pass their schema, so an answer cannot carry a field
 * that the contract does not name.
 */
export type Route<
  Params extends Schema = Schema,
  Query extends Schema = Schema,
  Body extends Schema = Schema,
  Answer extends Schema = Schema,
> = {
  method: 'get' | 'post' | 'patch' | 'delete'
  /** Express path: `/api/sessions/:sessionId`. */
  path: string
  summary: string
  /** Who may ask. Absent: anyone. */
  access?: Access
  /** What the audit log calls it. That somebody known may not do it, or not to what they name, is written there too. */
  audited?: AuditAction
  params?: Params
  /** What stands behind the question mark: an object whose fields are optional texts. */
  query?: Query
  body?: Body
  /** What it takes and answers is nothing to keep, not even sealed, so an Idempotency-Key means nothing here. */
  neverKept?: true
  /** Of the body; 64 kB without it. */
  mostBytes?: number
  /** Absent: 204 without a body. */
  answer?: Answer
  /** Writes its answer to the response itself, piece by piece, as lines of JSON such as the example; it is not kept for a repetition. */
  streams?: { example: string }
  handle(context: RouteContext<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<z.input<Answer> | void>
}

/** Keeps the types of a route's schemas and forgets them afterwards, so that routes fit into one list. */
export function route<Params extends Schema, Query extends Schema, Body extends Schema, Answer extends Schema>(
  definition: Route<Params, Query, Body, Answer>,
): Route {
  return definition
}

/** Whether answers to it are kept under an Idempotency-Key. */
export const isKept = ({ access, method, streams, neverKept }: Route): boolean =>
  access !== undefined && method === 'post' && streams === undefined && neverKept !== true

/** A command that somebody known was refused, for the audit log. @param target the session that it names */
export type NoteRefusal = (by: Member, refused: { action: AuditAction; code: string; target?: string }) => Promise<void>

export type RouteDeps = {
  identify: Identify
  /** Absent: no request names a key for its answer. */
  idempotency?: Idempotency
  /** Absent: there is no audit log. */
  noteRefusal?: NoteRefusal
}

/** Express' handler for a route: authorise, read, parse, call, present. Nothing is read from who may not ask. */
export function routeHandler(definition: Route, deps: RouteDeps): RequestHandler {
  const { audited } = definition
  const serve = serving(definition, deps)
  return async (request, response) => {
    const actor = await deps.identify(request)
    const named: { sessionId?: unknown } = {}
    try {
      await serve({ request, response, actor, named })
    } catch (error) {
      if (audited !== undefined && actor.kind !== 'visitor' && isRefusal(error)) {
        const target = z.uuid().safeParse(named.sessionId ?? sessionIdIn(request.params))
        const { code } = error
        await deps.noteRefusal?.(actor, { action: audited, code, ...(target.success && { target: target.data }) })
      }
      throw error
    }
  }
}

/** Forbidden, or not there for whoever asks. */
const isRefusal = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && (error.status === 403 || error.status === 404)

type Serving = { request: Request; response: Response; actor: Actor; named: { sessionId?: unknown } }

function serving(definition: Route, { idempotency }: RouteDeps): (asked: Serving) => Promise<void> {
  const { access, answer: schema } = definition
  const present = (answer: unknown): unknown => schema?.parse(answer)
  return async ({ request, response, actor, named }) => {
    const known = access && requireAccess(access, actor)
    const params = readInput(definition.params, request.params)
    const query = readInput(definition.query, request.query)
    const sent = await readJsonBody(request, definition.mostBytes)
    const body = readInput(definition.body, sent)
    named.sessionId = sessionIdIn(params) ?? sessionIdIn(query) ?? sessionIdIn(body)
    if (known) requireOwnSessions(access, known, [sessionIdIn(params), sessionIdIn(query), sessionIdIn(body)])
    const answer = async (once: Once | null): Promise<unknown> =>
      present(await definition.handle({ actor, params, query, body, response, once }))
    const asked = known && isKept(definition) ? askedOnce(request, sent) : null
    const { answer: said, replayed } =
      known && asked && idempotency
        ? await idempotency.run(known, asked, once => answer(presenting(once, present)))
        : { answer: await answer(null), replayed: false }
    if (definition.streams !== undefined) return
    response.setHeader('Cache-Control', 'no-store')
    if (replayed) response.setHeader('Idempotency-Replayed', 'true')
    if (schema === undefined) response.status(204).end()
    else sendJson(response, said)
  }
}

/** What Express does for any answer costs more than writing one that is known to be JSON. */
function sendJson(response: Response, answer: unknown): void {
  const text = JSON.stringify(answer)
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.setHeader('Content-Length', Buffer.byteLength(text))
  response.end(text)
}

/** What is remembered is what is answered. */
const presenting = (once: Once, present: (answer: unknown) => unknown): Once => ({
  id: once.id,
  remember: (tx, answer) => once.remember(tx, present(answer)),
})

const sessionIdIn = (part: unknown): unknown => (part as { sessionId?: unknown } | undefined)?.sessionId

/** Only what came in may be the client's fault: an answer, or stored data, that fails a schema is ours. */
function readInput(schema: Schema | undefined, given: unknown): unknown {
  const read = schema?.safeParse(given)
  if (read?.success !== false) return read?.data
  throw fieldsAtFault(fieldErrors(read.error))
}
