import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { EventEnvelope } from '../../contract/events.js'
import { liveCloseCodes } from '../../contract/live.js'
import type { VisitorToken } from '../http/attempt-cookie.js'
import type { UpgradeHandler } from '../http/server.js'
import { errorCode, type Log } from '../log.js'
import type { Admit } from './admit.js'
import { LiveLine } from './live-line.js'
import type { ServeMember } from './member-feed.js'

/** A feed for one visitor, or `null` when the cookie names no attempt. Ends when the signal aborts. */
export type OpenFeed = (
  visitor: VisitorToken,
  options: { after: bigint | null; signal: AbortSignal },
) => Promise<AsyncIterable<EventEnvelope> | null>

export type WebSocketDoorDeps = { openFeed: OpenFeed; serveMember: ServeMember; admit: Admit; log: Log }

export interface WebSocketDoor extends AsyncDisposable {
  /** On the port of everything else: at `/ws`. */
  readonly onUpgrade: UpgradeHandler
  /** On a port of its own: at `/` as well. */
  readonly onOwnPort: UpgradeHandler
  clientCount(): number
}

const mostBytes = 4_096

/**
 * Live events. A visitor's cookie decides whose events are seen, and `?after=<seq>` resumes; who shows a ticket or an `Authorization` header
 * says what to listen to. Whoever is refused hears it before the handshake.
 */
export function createWebSocketDoor({ openFeed, serveMember, admit, log }: WebSocketDoorDeps): WebSocketDoor {
  const server = new WebSocketServer({ noServer: true, maxPayload: mostBytes, perMessageDeflate: false })
  const knocking = new Set<Duplex>()

  const serveVisitor = async (line: LiveLine, visitor: VisitorToken | null, after: bigint | null) => {
    try {
      const feed = visitor && (await openFeed(visitor, { after, signal: line.ended }))
      if (!feed) return line.close(liveCloseCodes.noAttempt, 'no attempt')
      for await (const frame of feed) if (!(await line.send(frame))) return
    } catch (error) {
      log.warn('feed_failed', { code: errorCode(error) })
      line.close(liveCloseCodes.tryLater, 'try again')
    }
  }

  const open = async (request: IncomingMessage, socket: Duplex, head: Buffer, paths: readonly string[]) => {
    // Node has left this socket to us: without a listener, one who resets the line would end the process
    socket.on('error', () => socket.destroy())
    const target = targetOf(request)
    if (target === null || !paths.includes(target.pathname)) return refuse(socket, '404 Not Found')
    knocking.add(socket)
    const admitted = await admit(request, socket, target.searchParams)
    knocking.delete(socket)
    if ('refused' in admitted) return refuse(socket, admitted.refused, ...admitted.headers)
    server.handleUpgrade(request, socket, head, client => {
      const line = new LiveLine(client, log)
      if ('member' in admitted) serveMember(line, admitted.member)
      else void serveVisitor(line, admitted.visitor, cursorOf(target))
    })
  }

  return {
    onUpgrade: (request, socket, head) => void open(request, socket, head, ['/ws']),
    onOwnPort: (request, socket, head) => void open(request, socket, head, ['/ws', '/']),
    clientCount: () => server.clients.size,
    async [Symbol.asyncDispose]() {
      for (const socket of knocking) socket.destroy()
      for (const client of server.clients) {
        client.close(liveCloseCodes.goingAway, 'shutting down')
        client.terminate()
      }
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

function cursorOf({ searchParams }: URL): bigint | null {
  const after = searchParams.get('after') ?? ''
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
