import type { Visitor, Answer } from './visitor.js'
import { Visitor as Browser } from './visitor.js'

/** A program of the operator's: shows the service token with whatever it asks. */
export class Operator {
  readonly #asks: Visitor

  constructor(
    readonly url: string,
    readonly token: string,
  ) {
    this.#asks = new Browser(url)
  }

  ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#asks.request(method, path, body, { authorization: `Bearer ${this.token}`, ...headers })
  }

  /** A command of `/api/v1/sessions/{sessionId}`. */
  command(sessionId: string, name: string, body: object = {}): Promise<Answer> {
    return this.ask('POST', `/api/v1/sessions/${sessionId}/${name}`, body)
  }

  view(sessionId: string): Promise<Answer> {
    return this.ask('GET', `/api/v1/sessions/${sessionId}`)
  }
}
