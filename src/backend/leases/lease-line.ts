import { Socket } from 'node:net'
import pg from 'pg'
import { asDatabaseError } from '../database/database-errors.js'

const usualAnswerMs = 1_000

/** Longest polite goodbye. */
const goodbyeMs = 500

type Connection = { client: pg.Client; socket: Socket }

/**
 * The connection on which a node renews its lease, shared with nobody: whoever has the pool's busy does not cost the node its lease. Made
 * when it is needed, and again after a failure; questions come one at a time.
 */
export class LeaseLine implements AsyncDisposable {
  readonly #url: string
  readonly #answerMs: number
  #connection: Connection | null = null

  /** @param answerMs longest time of one question, and of the making of a connection */
  constructor(url: string, answerMs = usualAnswerMs) {
    this.#url = url
    this.#answerMs = answerMs
  }

  /** One statement, in a transaction of its own. @throws DatabaseUnavailableError, DatabaseRefusedError after at most twice the longest time */
  async ask<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const connection = await this.#connected()
    try {
      return (await connection.client.query<Row>(text, [...values])).rows
    } catch (error) {
      this.#drop(connection)
      throw asDatabaseError(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = this.#connection
    if (connection === null) return
    this.#connection = null
    const cutOff = setTimeout(() => connection.socket.destroy(), goodbyeMs)
    await connection.client.end().catch(() => {})
    clearTimeout(cutOff)
    connection.socket.destroy()
  }

  async #connected(): Promise<Connection> {
    if (this.#connection !== null) return this.#connection
    const socket = new Socket()
    const client = new pg.Client({
      connectionString: this.#url,
      stream: () => socket,
      connectionTimeoutMillis: this.#answerMs,
      query_timeout: this.#answerMs,
      statement_timeout: this.#answerMs,
      keepAlive: true,
      application_name: 'whizlite-lease',
    })
    const connection = { client, socket }
    // an error that nobody hears would end the process
    client.on('error', () => this.#drop(connection))
    client.on('end', () => this.#drop(connection))
    try {
      await client.connect()
    } catch (error) {
      socket.destroy()
      throw asDatabaseError(error)
    }
    this.#connection = connection
    return connection
  }

  #drop(connection: Connection): void {
    if (this.#connection === connection) this.#connection = null
    connection.socket.destroy()
  }
}
