import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import { servicesOnly } from './access.js'
import { cors, createIsFriend, sharedPaths } from './cors.js'
import { errorResponse, notFound } from './error-response.js'
import { ownPaths } from './own-paths.js'
import { requireOwnHost, requireOwnOrigin } from './own-origin.js'
import { invalidServiceToken } from './refusals.js'
import { tellRequestId } from './request-id.js'
import { routeHandler, type Route, type RouteDeps } from './route.js'
import { securityHeaders } from './security-headers.js'
import { refuseUnreadable } from './unreadable-request.js'

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export type HttpServerDeps = RouteDeps & {
  log: Log
  routes: readonly Route[]
  /** Pages and assets, after the routes. */
  pages: RequestHandler
  onUpgrade: UpgradeHandler
  /** In front of the API: who may ask at all. */
  door: RequestHandler
  publicUrl: string | null
  /** Whose pages may use the API besides our own. */
  frontendOrigins?: readonly string[]
  timeouts?: HttpTimeouts
}

/**
 * All in milliseconds. Whoever sends a request too slowly is cut off: 64 kB take seconds, and each connection that stays open costs.
 * An answer may take as long as it likes, and a WebSocket is not under these.
 */
export type HttpTimeouts = {
  /** From the first byte, or the connection, to the end of the headers. */
  headersMs: number
  /** To the end of the body. */
  requestMs: number
  /** Without a next request. */
  idleMs: number
  /** Between looks at what is overdue. */
  checkMs: number
}

const usualTimeouts: HttpTimeouts = { headersMs: 15_000, requestMs: 30_000, idleMs: 10_000, checkMs: 2_000 }

export interface HttpServer extends AsyncDisposable {
  /** @returns the port that was really taken, which differs for port 0 */
  listen(port: number, host: string): Promise<number>
}

export function createHttpServer(deps: HttpServerDeps): HttpServer {
  return serverOf(expressApp(deps), deps.onUpgrade, deps.timeouts)
}

/** A port for WebSockets alone; whatever else comes is told so. */
export function createWebSocketPort(onUpgrade: UpgradeHandler): HttpServer {
  return serverOf((_request, response) => {
    response.writeHead(426, { Connection: 'Upgrade', Upgrade: 'websocket' }).end()
  }, onUpgrade)
}

function serverOf(onRequest: RequestListener, onUpgrade: UpgradeHandler, timeouts = usualTimeouts): HttpServer {
  const options: ServerOptions = {
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.idleMs,
    connectionsCheckingInterval: timeouts.checkMs,
  }
  const server = createServer(options, onRequest)
  server.on('upgrade', onUpgrade)
  server.on('clientError', refuseUnreadable)
  return {
    listen: (port, host) => listen(server, port, host),
    [Symbol.asyncDispose]: () => close(server),
  }
}

function expressApp({
  log,
  routes,
  pages,
  door,
  publicUrl,
  frontendOrigins = [],
  ...ofRoutes
}: HttpServerDeps): Express {
  const https = publicUrl?.startsWith('https:') ?? false
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  const isFriend = createIsFriend(frontendOrigins)
  app.use(tellRequestId())
  app.use(securityHeaders({ https }))
  app.use(requireOwnHost(publicUrl))
  const ofServices = servicePaths(routes)
  const shared = { paths: [...sharedPaths], handlers: [cors(isFriend)] }
  const guarded = { paths: ['/api', ...ofServices], handlers: [requireOwnOrigin(publicUrl, isFriend), door] }
  const handlers = new Map(routes.map(definition => [definition, routeHandler(definition, ofRoutes)]))
  app.use(
    ownPaths(handlers, ({ path }) =>
      [shared, guarded].flatMap(group => (group.paths.some(prefix => isUnder(path, prefix)) ? group.handlers : [])),
    ),
  )
  for (const group of [shared, guarded]) app.use(group.paths, ...group.handlers)
  for (const [definition, handler] of handlers) app[definition.method](definition.path, handler)
  for (const [path, methods] of methodsByPath(routes)) app.all(path, methodNotAllowed(methods))
  if (ofServices.length > 0) app.use(ofServices, asServiceProblem)
  app.use(pages)
  app.use(notFound())
  app.use(errorResponse(log.child('http')))
  return app
}

const isUnder = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}/`)

/** What the routes that other services know by name have always said. */
const asServiceProblem: ErrorRequestHandler = (error: unknown, _request, _response, next) =>
  next(error instanceof GatewayError && error.code === 'unauthenticated' ? invalidServiceToken() : error)

/** First parts of those paths outside `/api` at which only services are answered. */
function servicePaths(routes: readonly Route[]): string[] {
  const outside = routes.filter(({ access, path }) => access && servicesOnly(access) && !path.startsWith('/api/'))
  return [...new Set(outside.map(({ path }) => `/${path.split('/')[1] ?? ''}`))]
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>()
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()])
  return methods
}

function methodNotAllowed(methods: readonly string[]): RequestHandler {
  return (_request, response) => {
    response.set('Allow', methods.join(', '))
    throw new GatewayError({
      code: 'method_not_allowed',
      status: 405,
      message: 'This address does not take this method.',
      action: `Use one that it takes: ${methods.join(', ')}.`,
    })
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function close(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
