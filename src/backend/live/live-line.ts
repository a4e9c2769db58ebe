import type { WebSocket } from 'ws'
import type { EventEnvelope } from '../../contract/events.js'
import { liveCloseCodes, type LiveNotice } from '../../contract/live.js'
import type { Log } from '../log.js'

const heartbeatMs = 30_000

/** A reader that leaves more than this unread for so long is cut off; it resumes with its last `seq`. */
const unreadLimitBytes = 1_000_000
const patienceMs = 5_000

/** What a client may say: so many frames at once, then so many in a second. Pings and pongs count too. */
const frameBurst = 60
const framesPerSecond = 20

/** One open WebSocket: what is sent waits for its reader, who is cut off when that takes too long; so is who says too much. */
export class LiveLine {
  readonly #socket: WebSocket
  readonly #log: Log
  readonly #ended = new AbortController()
  #turn: Promise<boolean> = Promise.resolve(true)
  #written: Promise<void> = Promise.resolve()
  #allowance = frameBurst
  #countedAt = performance.now()

  constructor(socket: WebSocket, log: Log) {
    this.#socket = socket
    this.#log = log
    socket.once('close', () => this.#ended.abort())
    socket.on('error', () => this.#ended.abort())
    for (const said of ['message', 'ping', 'pong'] as const) socket.on(said, () => this.#count())
    this.#keepAlive()
  }

  /** Aborts when the line is over. */
  get ended(): AbortSignal {
    return this.#ended.signal
  }

  /** Text frames; a binary one ends the line when `onText` is given. */
  onText(hear: (text: string) => void): void {
    this.#socket.on('message', (data, isBinary) => {
      if (isBinary) return this.close(1003, 'text only')
      if (this.#socket.readyState === this.#socket.OPEN) hear((data as Buffer).toString('utf8'))
    })
  }

  /** Frames leave in the order of their calls. @returns whether the line is still open when its turn has come and it has room */
  send(frame: EventEnvelope): Promise<boolean> {
    this.#turn = this.#turn.then(() => this.#write(frame))
    return this.#turn
  }

  /** What is not from the log. */
  async say(notice: LiveNotice): Promise<void> {
    await this.send({ ...notice, seq: 0 })
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  async #write(frame: EventEnvelope): Promise<boolean> {
    const socket = this.#socket
    if (socket.bufferedAmount > unreadLimitBytes && !(await this.#inTime())) {
      this.#log.info('feed_cut_off', { code: 'too_slow' })
      this.close(liveCloseCodes.tooSlow, 'too slow')
    }
    if (socket.readyState !== socket.OPEN) return false
    this.#written = new Promise(resolve => socket.send(JSON.stringify(frame), () => resolve()))
    return true
  }

  #inTime(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>(resolve => (timer = setTimeout(() => resolve(false), patienceMs)))
    return Promise.race([this.#written.then(() => true), late]).finally(() => clearTimeout(timer))
  }

  #count(): void {
    const time = performance.now()
    this.#allowance = Math.min(frameBurst, this.#allowance + ((time - this.#countedAt) / 1_000) * framesPerSecond) - 1
    this.#countedAt = time
    if (this.#allowance >= 0 || this.#socket.readyState !== this.#socket.OPEN) return
    this.#log.info('feed_cut_off', { code: 'too_many_frames' })
    this.close(liveCloseCodes.tooMany, 'too many frames')
    // whoever floods need not be waited for
    this.#socket.pause()
    setTimeout(() => this.#socket.terminate(), 1_000).unref()
  }

  /** A reader whose network is gone never closes: no pong between two beats ends it. */
  #keepAlive(): void {
    let alive = true
    this.#socket.on('pong', () => (alive = true))
    const timer = setInterval(() => {
      if (!alive) return this.#socket.terminate()
      alive = false
      this.#socket.ping()
    }, heartbeatMs)
    this.#ended.signal.addEventListener('abort', () => clearInterval(timer))
  }
}
