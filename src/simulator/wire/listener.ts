import { createServer, type Server } from 'node:http'
import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import type { Arrival } from './connection.js'
import { answerUpgrade, type UpgradeAnswer } from './upgrade-answer.js'

const PATH = '/ws/chat'
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024
/** The system may lend a port that is closed for a moment to somebody's outgoing connection. */
const RETRY_MS = 50
const RETRIES = 200

export type ListenerDeps = {
  port: number
  frontEnd: number
  accept: (arrival: Arrival) => void
  /** What an upgrade gets instead of a websocket; undefined lets it through. */
  refusal: () => UpgradeAnswer | undefined
}

const NOT_FOUND = { status: 404, headers: {} }

/** One websocket door on 127.0.0.1, which can be shut for a while: connections are refused then, those that are in stay. */
export class Listener implements AsyncDisposable {
  #http: Server | undefined
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES })
  readonly #refused = new Set<Socket>()
  #port: number
  #closed = false

  private constructor(private readonly deps: ListenerDeps) {
    this.#port = deps.port
  }

  /** Port 0 takes a free one. */
  static async open(deps: ListenerDeps): Promise<Listener> {
    const listener = new Listener(deps)
    await listener.#listen()
    return listener
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}${PATH}`
  }

  shut(): void {
    for (const socket of this.#refused) socket.destroy()
    this.#http?.close()
    this.#http = undefined
  }

  /** Listens again on the port it had. */
  async reopen(): Promise<void> {
    for (let left = RETRIES; !this.#closed && !this.#http; left--) {
      try {
        return await this.#listen()
      } catch (error) {
        if (left === 0) throw error
        await delay(RETRY_MS)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const socket of this.#sockets.clients) socket.terminate()
    for (const socket of this.#refused) socket.destroy()
    const http = this.#http
    if (!http) return
    await new Promise<void>(resolve => {
      http.close(() => resolve())
      http.closeAllConnections()
    })
  }

  async #listen(): Promise<void> {
    const { accept, refusal, frontEnd } = this.deps
    const http = createServer((_request, response) => response.writeHead(404).end())
    http.on('upgrade', (request, line, head) => {
      if (!(line instanceof Socket)) return void line.destroy()
      line.on('error', () => line.destroy())
      const { pathname, searchParams } = new URL(request.url ?? '/', 'ws://127.0.0.1')
      const answer = pathname === PATH ? refusal() : NOT_FOUND
      if (answer !== undefined) {
        this.#refused.add(line)
        line.once('close', () => this.#refused.delete(line))
        return answerUpgrade(line, answer)
      }
      const via = searchParams.get('via')
      this.#sockets.handleUpgrade(request, line, head, socket => {
        accept({ socket, line, frontEnd, ...(via === null ? {} : { via }) })
      })
    })
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject)
      http.listen(this.#port, '127.0.0.1', () => resolve())
    })
    const address = http.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
    if (this.#closed) http.close()
    else this.#http = http
  }
}
