import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { DemoError } from '../demo-error.js'
import { PhonesError } from '../phones/phones-error.js'
import type { GatewayProxy } from './gateway-proxy.js'
import { requireOwnAddress } from './own-address.js'
import type { PageFiles } from './page-files.js'
import type { PhonesApi } from './phones-api.js'
import { sendProblem } from './problem.js'

export type DemoServerDeps = { files: PageFiles; api: PhonesApi; proxy: GatewayProxy }

export interface DemoServer extends AsyncDisposable {
  /** such as `http://127.0.0.1:4000` */
  readonly url: string
  serve(deps: DemoServerDeps): void
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; " +
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // The gateway says so too, and one origin can have only one answer.
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

const PAGE = '/demo/'
const API = '/demo/api/'

/**
 * `/demo/` is the page with the phones, `/demo/api/` what it asks for; everything else is the gateway's. The address is taken at once,
 * so that a start does not fail at its end; until `serve` is called, whoever comes is asked to wait. Listens on 127.0.0.1 alone.
 *
 * @param ports tried in this order
 * @throws DemoError `port_taken`
 */
export async function openDemoServer(ports: readonly number[]): Promise<DemoServer> {
  let deps: DemoServerDeps | null = null
  let port = 0
  const server = createServer((request, response) => {
    answer(deps, port, request, response).catch((error: unknown) => sendProblem(response, error))
  })
  server.on('upgrade', (request, socket, head) => {
    try {
      requireOwnAddress(request, port)
      if (deps === null) throw starting()
      deps.proxy.forwardUpgrade(request, socket, head)
    } catch {
      socket.end('HTTP/1.1 421 Misdirected Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    }
  })
  port = await listenOnFirstFree(server, ports)
  let closing: Promise<void> | undefined
  return {
    url: `http://127.0.0.1:${port}`,
    serve: ready => (deps = ready),
    [Symbol.asyncDispose]: () => (closing ??= close(server)),
  }
}

function starting(): PhonesError {
  return new PhonesError('starting', 503, 'The demo is still starting. Open this page again in a moment.')
}

async function answer(
  deps: DemoServerDeps | null,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  requireOwnAddress(request, port)
  if (deps === null) throw starting()
  const { files, api, proxy } = deps
  const { pathname } = new URL(request.url ?? '/', 'http://demo')
  if (pathname === '/' || pathname === '/demo') {
    response.writeHead(302, { location: PAGE }).end()
  } else if (pathname.startsWith(PAGE)) {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    if (pathname.startsWith(API)) await api(request, response, pathname.slice(API.length))
    else if (!files(response, pathname.slice(PAGE.length))) {
      throw new PhonesError('not_found', 404, 'There is nothing at this address.')
    }
  } else {
    proxy.forward(request, response)
  }
}

async function listenOnFirstFree(server: Server, ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    const taken = await listen(server, port)
    if (taken !== null) return taken
  }
  const action = 'Set PORT to a free one, or stop the program that has it.'
  throw new DemoError('port_taken', `Port ${ports.join(', ')} is taken by another program.`, action)
}

/** @returns the port that was taken, which differs for 0; null when another program has it */
function listen(server: Server, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null)
      else reject(error)
    }
    server.once('error', refused)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', refused)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
