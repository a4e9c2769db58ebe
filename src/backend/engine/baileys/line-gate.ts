import type { WASocket } from '@whiskeysockets/baileys'

type Callback = (error?: Error) => void
type RawSocket = {
  send(data: unknown, callback?: Callback): void
  pause(): void
  resume(): void
  terminate(): void
  once(event: 'open', listener: () => void): void
}

export type LineGateDeps = {
  /** Asked before every frame. */
  mayWrite: () => boolean
  /** A frame was not let out. Nothing leaves any more. */
  onRefused: () => void
}

/**
 * Decides what leaves one raw WebSocket. While it is paused nothing is read (TCP pushes back) and every frame waits in its order; those who
 * sent it are told that it is on its way, as they are of bytes in the system's buffer. The raw socket is gated because Baileys captured its
 * own `send` at construction. Must be made before the handshake.
 */
export class LineGate {
  readonly #raw: RawSocket
  readonly #mayWrite: () => boolean
  #paused = false
  #shut = false
  #held: unknown[] = []

  constructor(socket: WASocket, { mayWrite, onRefused }: LineGateDeps) {
    const raw = (socket.ws as unknown as { socket: RawSocket }).socket
    const send = raw.send.bind(raw)
    this.#mayWrite = mayWrite
    this.#raw = Object.assign(raw, {
      send: (data: unknown, callback?: Callback) => {
        const may = mayWrite()
        if (this.#shut) return callback?.(new Error('the line is shut'))
        // whoever answered the question may have paused the line
        if (!this.#paused && may) return send(data, callback)
        if (this.#paused) {
          this.#held.push(data)
          return callback?.()
        }
        callback?.(new Error('nothing may be written'))
        onRefused()
      },
    })
    // what is not open yet cannot be paused
    raw.once('open', () => {
      if (this.#paused) raw.pause()
    })
  }

  pause(): void {
    if (this.#paused || this.#shut) return
    this.#paused = true
    this.#raw.pause()
  }

  resume(): void {
    if (!this.#paused || this.#shut) return
    this.#paused = false
    for (const data of this.#held.splice(0)) this.#raw.send(data)
    // a frame that asked whether it may go may have begun another pause
    if (!this.#paused && !this.#shut) this.#raw.resume()
  }

  /** Before a polite end: a line on which nothing may be said goes without a word. */
  leave(): void {
    if (this.#paused || !this.#mayWrite()) this.shut()
  }

  /** Cuts the line at once: nothing more leaves, nothing more is acknowledged, what waited never goes. */
  shut(): void {
    this.#shut = true
    this.#held = []
    this.#raw.terminate()
  }
}
