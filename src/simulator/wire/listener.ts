import { createServer, STATUS_CODES, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'

const PATH = '/ws/chat'
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024

export type ListenerDeps = {
  port: number
  accept: (socket: WebSocket) => void
  /** An HTTP status that answers the upgrade instead of a websocket; undefined lets it through. */
  refusal: () => number | undefined
}

export type Listener = AsyncDisposable & { url: string }

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Opens the websocket door on 127.0.0.1; port 0 takes a free one. */
export async function listen(deps: ListenerDeps): Promise<Listener> {
  const http: Server = createServer((_request, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES })
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const status = request.url?.split('?')[0] === PATH ? deps.refusal() : 404
    if (status !== undefined) refuse(socket, status)
    else sockets.handleUpgrade(request, socket, head, deps.accept)
  })
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(deps.port, '127.0.0.1', () => resolve())
  })
  const address = http.address()
  const port = address !== null && typeof address === 'object' ? address.port : deps.port
  let closing: Promise<void> | undefined
  return {
    url: `ws://127.0.0.1:${port}${PATH}`,
    [Symbol.asyncDispose]() {
      closing ??= new Promise<void>(resolve => {
        for (const socket of sockets.clients) socket.terminate()
        http.close(() => resolve())
        http.closeAllConnections()
      })
      return closing
    },
  }
}
