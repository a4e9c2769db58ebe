import { WebSocket } from 'ws'

/** A browser on the linking page: one cookie, the page's own requests, its live events. */
export class Visitor {
  #url
  #cookie = null
  #sessionId = null
  #forwarded
  #socket = null
  #came = new Map()
  #waiting = new Map()

  /**
   * @param {string} url of the gateway
   * @param {{ address?: string }} options the address that a proxy in front of the gateway would tell
   */
  constructor(url, { address } = {}) {
    this.#url = url
    this.#forwarded = address === undefined ? {} : { 'x-forwarded-for': address }
  }

  /** @returns {Promise<{ picture: Buffer, startToQr: number }>} the PNG, and the milliseconds from request to answer */
  async start() {
    const started = performance.now()
    const response = await fetch(`${this.#url}/api/sessions/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.#forwarded },
      body: '{}',
    })
    const text = await response.text()
    const startToQr = performance.now() - started
    if (response.status !== 200) throw new Error(`start answered ${response.status}: ${text}`)
    this.#cookie = response.headers.getSetCookie()[0].split(';')[0]
    const { sessionId, qrCode } = JSON.parse(text)
    this.#sessionId = sessionId
    return { picture: Buffer.from(qrCode.split(',')[1], 'base64'), startToQr }
  }

  async cancel() {
    const response = await fetch(`${this.#url}/api/sessions/${this.#sessionId}`, {
      method: 'DELETE',
      headers: { cookie: this.#cookie, ...this.#forwarded },
    })
    if (response.status !== 204) throw new Error(`cancel answered ${response.status}`)
  }

  /** Opens the page's WebSocket. */
  async listen() {
    this.#socket = new WebSocket(`${this.#url.replace('http', 'ws')}/ws`, {
      headers: { cookie: this.#cookie, ...this.#forwarded },
    })
    this.#socket.on('message', text => this.#receive(JSON.parse(text)))
    await new Promise((resolve, reject) => this.#socket.once('open', resolve).once('error', reject))
  }

  /**
   * When an event came, past or future, in milliseconds since the epoch.
   *
   * @param {string} event
   */
  heard(event, timeoutMs = 60_000) {
    if (this.#came.has(event)) return Promise.resolve(this.#came.get(event))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${event} within ${timeoutMs} ms, only ${[...this.#came.keys()].join(', ')}`)),
        timeoutMs,
      )
      this.#waiting.set(event, at => {
        clearTimeout(timer)
        resolve(at)
      })
    })
  }

  leave() {
    this.#socket?.terminate()
  }

  #receive({ event }) {
    const at = Date.now()
    if (!this.#came.has(event)) this.#came.set(event, at)
    this.#waiting.get(event)?.(at)
    this.#waiting.delete(event)
  }
}
