import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { EventEnvelope } from '../../contract/events.js'
import { readVisitorToken, type CookieSettings, type VisitorToken } from '../http/attempt-cookie.js'
import { isOwnOrigin } from '../http/own-origin.js'
import type { UpgradeHandler } from '../http/server.js'
import { errorCode, type Log } from '../log.js'
import type { UpgradeLimits } from './upgrade-limits.js'

/** A feed for one visitor, or `null` when the cookie names no attempt. Ends when the signal aborts. */
export type OpenFeed = (
  visitor: VisitorToken,
  options: { after: bigint | null; signal: AbortSignal },
) => Promise<AsyncIterable<EventEnvelope> | null>

export type WebSocketDoorDeps = {
  openFeed: OpenFeed
  limits: UpgradeLimits
  cookies: CookieSettings
  publicUrl: string | null
  log: Log
}

export interface WebSocketDoor extends AsyncDisposable {
  readonly onUpgrade: UpgradeHandler
  clientCount(): number
}

const path = '/ws'
const heartbeatMs = 30_000

/** A reader that leaves more than this unread for so long is cut off; it resumes with its last `seq`. */
const unreadLimitBytes = 1_000_000
const patienceMs = 5_000

export const closeCodes = { goingAway: 1001, tryLater: 1013, noAttempt: 4404, tooSlow: 4408 } as const

/**
 * `/ws`: the visitor's cookie decides whose events are seen; nothing is taken from the browser but `?after=<seq>` to resume.
 * Pages of other sites, and whoever has too many open, are refused before the handshake.
 */
export function createWebSocketDoor({ openFeed, limits, cookies, publicUrl, log }: WebSocketDoorDeps): WebSocketDoor {
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
      let written: Promise<boolean> = Promise.resolve(true)
      for await (const frame of feed) {
        if (socket.bufferedAmount > unreadLimitBytes && !(await inTime(written))) {
          log.info('feed_cut_off', { code: 'too_slow' })
          return socket.close(closeCodes.tooSlow, 'too slow')
        }
        written = new Promise(resolve => socket.send(JSON.stringify(frame), () => resolve(true)))
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
      // Node has left this socket to us: without a listener, one who resets the line would end the process
      socket.on('error', () => socket.destroy())
      if (targetOf(request)?.pathname !== path) return refuse(socket, '404 Not Found')
      if (!isOwnOrigin(request, publicUrl)) return refuse(socket, '403 Forbidden')
      const wait = limits(request, socket)
      if (wait !== null) return refuse(socket, '429 Too Many Requests', `Retry-After: ${wait}`)
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
  const after = targetOf(request)?.searchParams.get('after') ?? ''
  return /^\d{1,18}$/.test(after) ? BigInt(after) : null
}

/** `null` for what is no address, such as `//`: whatever a stranger sends gets this far. */
function targetOf({ url = '/' }: IncomingMessage): URL | null {
  const base = 'http://localhost'
  return URL.canParse(url, base) ? new URL(url, base) : null
}

function refuse(socket: Duplex, status: string, ...headers: string[]): void {
  // the other side may never close its half
  socket.once('finish', () => socket.destroy())
  const lines = [`HTTP/1.1 ${status}`, ...headers, 'Connection: close', 'Content-Length: 0', '', '']
  socket.end(lines.join('\r\n'))
}

function inTime(written: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>(resolve => (timer = setTimeout(() => resolve(false), patienceMs)))
  return Promise.race([written, late]).finally(() => clearTimeout(timer))
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
