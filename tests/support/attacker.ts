import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'

/** An answer as it can be compared with another: without the clock and the id of its request. */
export type Said = { status: number; headers: Record<string, string>; body: string }

export type Asking = { headers?: Record<string, string>; body?: string }

/** Sends what no browser would, and writes down every word that comes back. */
export class Attacker {
  readonly heard: string[] = []

  /** @param address what a proxy in front of the gateway would tell; `null`: no proxy */
  constructor(
    readonly baseUrl: string,
    readonly address: string | null = null,
  ) {}

  async ask(method: string, path: string, { headers = {}, body }: Asking = {}): Promise<Said> {
    const url = new URL(this.baseUrl)
    const said = await new Promise<Said>((resolve, reject) => {
      const request = httpRequest(
        // the path as it is: a URL would tidy it up
        {
          host: url.hostname,
          port: url.port,
          method,
          path,
          headers: { ...this.#forwarded(), ...headers },
          agent: false,
        },
        response => {
          const { date: _clock, 'x-request-id': id, ...rest } = response.headers
          const told = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]))
          text(response).then(
            words => resolve({ status: response.statusCode ?? 0, headers: told, body: words.replace(String(id), '') }),
            reject,
          )
        },
      )
      request.once('error', reject)
      request.end(body)
    })
    this.heard.push(JSON.stringify(said))
    return said
  }

  /** Starts by JSON. */
  start(body: Record<string, unknown> = {}, headers: Record<string, string> = {}): Promise<Said> {
    return this.ask('POST', '/api/sessions/start', {
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  }

  /** Opens a socket and listens until it is closed, or until `enough` frames have come. */
  async listen(
    query: string,
    headers: Record<string, string>,
    enough = Infinity,
  ): Promise<{ status: number; frames: string[] }> {
    const socket = new WebSocket(`${this.baseUrl.replace('http', 'ws')}/ws${query}`, {
      headers: { ...this.#forwarded(), ...headers },
    })
    const frames: string[] = []
    const status = await new Promise<number>(resolve => {
      socket.on('message', data => {
        frames.push((data as Buffer).toString('utf8'))
        if (frames.length >= enough) socket.close()
      })
      socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0)
        response.destroy()
      })
      socket.once('close', code => resolve(code))
      socket.on('error', () => {})
    })
    this.heard.push(`${status} ${frames.join('\n')}`)
    return { status, frames }
  }

  #forwarded(): Record<string, string> {
    return this.address === null ? {} : { 'x-forwarded-for': this.address }
  }
}

/** The cookie that an answer sets, as a browser sends it back. */
export function cookieOf({ headers }: Said): string {
  return (headers['set-cookie'] ?? '').split(';')[0] ?? ''
}
