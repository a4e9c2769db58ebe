import { createReadStream, existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import type { LinkAttemptView } from '../../contract/linking.js'

/** A page answer: a status, a JSON body and headers. */
export interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

/** The wire's view with a plain id, as JSON carries it. */
export type View = Omit<LinkAttemptView, 'sessionId'> & { sessionId: string }

/** What the page meets on the wire, said by the test: the built page under the product's policy, routes and a socket. */
export interface ScriptedGateway extends AsyncDisposable {
  readonly origin: string
  /** `METHOD /path` of every API request so far. */
  readonly requests: string[]
  settings: { mode: string; supportUrl: string | null; ownerUrl: string | null; logoUrl: string | null }
  /** What reading the attempt answers; null is none: 404 by its id, and null as this browser's own. */
  view: View | null
  /** Answers nothing at all while true. */
  silent: boolean
  /** Sockets are turned away while false. */
  live: boolean
  readonly socketsOpen: number
  /** Bodies of the starts so far, as they came. */
  readonly started: string[]
  start: () => Answer | Promise<Answer>
  wish: () => Answer | Promise<Answer>
  cancel: () => Answer
  push(event: string, data: object): void
  dropSockets(): void
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

export async function startScriptedGateway(folder: string): Promise<ScriptedGateway> {
  const server = createServer((request, response) => void handle(request, response))
  const sockets = new WebSocketServer({ noServer: true })
  const requests: string[] = []
  const started: string[] = []

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://page').pathname
    const file = join(folder, path === '/' ? 'index.html' : path)
    if (!path.startsWith('/api/')) {
      if (!existsSync(file)) return void response.writeHead(404).end()
      const type = TYPES[extname(file)] ?? 'application/octet-stream'
      response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY })
      return void createReadStream(file).pipe(response)
    }
    requests.push(`${request.method ?? ''} ${path}`)
    if (path === '/api/sessions/start') started.push(await text(request))
    if (gateway.silent) return
    const answer = await answerTo(request.method ?? '', path)
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body))
  }

  async function answerTo(method: string, path: string): Promise<Answer> {
    if (path === '/api/page-settings') return { status: 200, body: gateway.settings }
    if (method === 'POST' && path === '/api/sessions/start') return gateway.start()
    if (path.endsWith('/current')) return { status: 200, body: gateway.view }
    const known = gateway.view && path.includes(`/${gateway.view.sessionId}`)
    if (!known) return { status: 404, body: { code: 'attempt_not_found', detail: 'There is no such attempt.' } }
    if (method === 'POST') return gateway.wish()
    return method === 'DELETE' ? gateway.cancel() : { status: 200, body: gateway.view }
  }

  server.on('upgrade', (request, socket, head) => {
    if (gateway.live && request.url === '/ws') sockets.handleUpgrade(request, socket, head, () => {})
    else socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')

  const gateway: ScriptedGateway = {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    settings: { mode: 'handed_off', supportUrl: null, ownerUrl: null, logoUrl: null },
    view: null,
    silent: false,
    live: true,
    get socketsOpen() {
      return sockets.clients.size
    },
    started,
    start: () => ({ status: 500 }),
    wish: () => ({ status: 500 }),
    cancel: () => ({ status: 204 }),
    push(event, data) {
      for (const client of sockets.clients) client.send(JSON.stringify({ event, data, seq: 0 }))
    },
    dropSockets() {
      for (const client of sockets.clients) client.terminate()
    },
    async [Symbol.asyncDispose]() {
      gateway.dropSockets()
      sockets.close()
      server.closeAllConnections()
      await new Promise<void>(resolve => void server.close(() => resolve()))
    },
  }
  return gateway
}
