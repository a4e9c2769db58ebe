import type { IncomingMessage } from 'node:http'
import { WebSocketServer, type WebSocket } from 'ws'
import type { EventEnvelope } from '../../contract/events.js'
import { readVisitorToken, type CookieSettings, type VisitorToken } from '../http/attempt-cookie.js'
import { isOwnOrigin } from '../http/own-origin.js'
import type { UpgradeHandler } from '../http/server.js'
import { errorCode, type Log } from '../log.js'

/** A feed for one visitor, or `null` when the cookie names no attempt. Ends when the signal aborts. */
export type OpenFeed = (
  visitor: VisitorToken,
  options: { after: bigint | null; signal: AbortSignal },
) => Promise<AsyncIterable<EventEnvelope> | null>

export type WebSocketDoorDeps = { openFeed: OpenFeed; cookies: CookieSettings; publicUrl: string | null; log: Log }

export interface WebSocketDoor extends AsyncDisposable {
  readonly onUpgrade: UpgradeHandler
  clientCount(): number
}

const path = '/ws'
const heartbeatMs = 30_000

/** A reader that leaves more than this unread is cut off; it resumes with its last `seq`. */
const unreadLimitBytes = 1_000_000

export const closeCodes = { goingAway: 1001, tryLater: 1013, noAttempt: 4404, tooSlow: 4408 } as const

/**
 * `/ws`: the visitor's cookie decides whose events are seen; nothing is taken from the browser but `?after=<seq>` to resume.
 * Pages of other sites are refused before the handshake.
 */
export function createWebSocketDoor({ openFeed, cookies, publicUrl, log }: WebSocketDoorDeps): WebSocketDoor {
  const server = new WebSocketServer({ noServer: true, maxPayload: 4_096, perMessageDeflate: false })

  const serve = async (socket: WebSocket, request: IncomingMessage) => {
    const visitor = readVisitorToken(request.headers.cookie, cookies)
    const ended = new AbortController()
    socket.once('close', () => ended.abort())
    socket.on('error', () => ended.abort())
    const stopHeartbeat = heartbeat(socket)
    try {
      const feed = visitor && (await openFeed(visitor, { after: cursorOf(request), signal: ended.signal }))
      if (!feed) return socket.close(closeCodes.noAttempt, 'no attempt')
      for await (const frame of feed) {
        if (socket.bufferedAmount > unreadLimitBytes) return socket.close(closeCodes.tooSlow, 'too slow')
        socket.send(JSON.stringify(frame))
      }
    } catch (error) {
      log.warn('feed_failed', { code: errorCode(error) })
      socket.close(closeCodes.tryLater, 'try again')
    } finally {
      await once(ended.signal)
      stopHeartbeat()
    }
  }

  return {
    onUpgrade(request, socket, head) {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      if (pathname !== path) return refuse(socket, '404 Not Found')
      if (!isOwnOrigin(request, publicUrl)) return refuse(socket, '403 Forbidden')
      server.handleUpgrade(request, socket, head, client => void serve(client, request))
    },
    clientCount: () => server.clients.size,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) {
        client.close(closeCodes.goingAway, 'shutting down')
        client.terminate()
      }
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

function cursorOf(request: IncomingMessage): bigint | null {
  const after = new URL(request.url ?? '/', 'http://localhost').searchParams.get('after')
  return after !== null && /^\d{1,18}$/.test(after) ? BigInt(after) : null
}

function refuse(socket: { end(text: string): void }, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function once(signal: AbortSignal): Promise<void> {
  return signal.aborted
    ? Promise.resolve()
    : new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** A reader whose network is gone never closes: no pong between two beats ends it. */
function heartbeat(socket: WebSocket): () => void {
  let alive = true
  socket.on('pong', () => (alive = true))
  const timer = setInterval(() => {
    if (!alive) return socket.terminate()
    alive = false
    socket.ping()
  }, heartbeatMs)
  return () => clearInterval(timer)
}
