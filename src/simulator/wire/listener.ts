import { createServer, type Server } from 'node:http'
import { Socket } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { answerUpgrade, type UpgradeAnswer } from './upgrade-answer.js'

const PATH = '/ws/chat'
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024

export type ListenerDeps = {
  port: number
  accept: (socket: WebSocket) => void
  /** What an upgrade gets instead of a websocket; undefined lets it through. */
  refusal: () => UpgradeAnswer | undefined
}

export type Listener = AsyncDisposable & { url: string }

const NOT_FOUND = { status: 404, headers: {} }

/** Opens the websocket door on 127.0.0.1; port 0 takes a free one. */
export async function listen(deps: ListenerDeps): Promise<Listener> {
  const http: Server = createServer((_request, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES })
  const refused = new Set<Socket>()
  http.on('upgrade', (request, socket, head) => {
    if (!(socket instanceof Socket)) return void socket.destroy()
    socket.on('error', () => socket.destroy())
    const answer = request.url?.split('?')[0] === PATH ? deps.refusal() : NOT_FOUND
    if (answer !== undefined) {
      refused.add(socket)
      socket.once('close', () => refused.delete(socket))
      answerUpgrade(socket, answer)
    } else sockets.handleUpgrade(request, socket, head, deps.accept)
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
        for (const socket of refused) socket.destroy()
        http.close(() => resolve())
        http.closeAllConnections()
      })
      return closing
    },
  }
}
