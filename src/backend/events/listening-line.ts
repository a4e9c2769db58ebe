import { Socket } from 'node:net'
import pg from 'pg'

export type ListeningLineOptions = {
  url: string
  channel: string
  onNotification: (payload: string) => void
  /** Called once, when a line that stood is lost; it is closed by then. */
  onLost: (error: unknown) => void
  heartbeat: Heartbeat
}

/** How often a silent line is asked whether it still stands, and how long each answer may take, in milliseconds. */
export type Heartbeat = { everyMs: number; limitMs: number }

/** Longest polite goodbye: on a line that nothing passes any more it would never end. */
const goodbyeMs = 500

/** One connection that listens on one channel, from its making to its loss. It is not made again here. */
export class ListeningLine implements AsyncDisposable {
  readonly #options: ListeningLineOptions
  readonly #socket = new Socket()
  readonly #client: pg.Client
  #beat: NodeJS.Timeout | undefined
  #stands = false
  #closed = false

  constructor(options: ListeningLineOptions) {
    this.#options = options
    this.#client = new pg.Client({
      connectionString: options.url,
      stream: () => this.#socket,
      connectionTimeoutMillis: options.heartbeat.limitMs,
      query_timeout: options.heartbeat.limitMs,
      keepAlive: true,
      application_name: 'whizlite-events',
    })
    this.#client.on('notification', ({ payload }) => options.onNotification(payload ?? ''))
    // a line that is reset is told twice, and an error that nobody hears would end the process
    this.#client.on('error', error => this.#lost(error))
    this.#client.on('end', () => this.#lost(undefined))
  }

  /** @throws whatever pg says when the database cannot be reached in time; nothing is left open then */
  async open(): Promise<void> {
    try {
      await this.#client.connect()
      await this.#client.query(`listen ${this.#options.channel}`)
    } catch (error) {
      await this[Symbol.asyncDispose]()
      throw error
    }
    if (this.#closed) return
    this.#stands = true
    this.#nextBeat()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#beat)
    const cutOff = setTimeout(() => this.#socket.destroy(), goodbyeMs)
    if (this.#stands) await this.#client.end().catch(() => {})
    clearTimeout(cutOff)
    this.#socket.destroy()
  }

  /** Without it a route that is gone would look like silence. */
  #nextBeat(): void {
    this.#beat = setTimeout(() => {
      this.#client.query('select 1').then(
        () => {
          if (!this.#closed) this.#nextBeat()
        },
        (error: unknown) => this.#lost(error),
      )
    }, this.#options.heartbeat.everyMs)
    this.#beat.unref()
  }

  #lost(error: unknown): void {
    if (!this.#stands || this.#closed) return
    this.#closed = true
    clearTimeout(this.#beat)
    this.#socket.destroy()
    this.#options.onLost(error)
  }
}
