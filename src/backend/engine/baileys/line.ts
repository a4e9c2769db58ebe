import { S_WHATSAPP_NET, type WASocket } from '@whiskeysockets/baileys'
import { KeepAlive } from './keep-alive.js'
import { LineGate, type LineGateDeps } from './line-gate.js'

export type LineDeps = LineGateDeps & {
  /** Nothing comes any more; the line is cut already. */
  onSilent: () => void
}

/** One socket's line to WhatsApp: what leaves it, and whether it still stands. */
export class Line {
  readonly #gate: LineGate
  readonly #keepAlive: KeepAlive

  constructor(socket: WASocket, { onSilent, ...gate }: LineDeps) {
    this.#gate = new LineGate(socket, gate)
    this.#keepAlive = new KeepAlive({
      ping: () => ping(socket),
      onSilent: () => {
        // a polite close would wait for an answer that does not come
        this.#gate.shut()
        onSilent()
      },
    })
    // the bytes of a handshake are no nodes: a question among them would break it
    socket.ws.on('frame', (frame: unknown) => {
      if (!(frame instanceof Uint8Array)) this.#keepAlive.heard()
    })
  }

  /** See `EngineConnection.pause`. */
  pause(): void {
    this.#keepAlive.pause()
    this.#gate.pause()
  }

  /** What it lets go may begin another pause: whoever has more to resume does that first. */
  resume(): void {
    this.#keepAlive.resume()
    this.#gate.resume()
  }

  /** Before a polite close: where nothing may be said it is none. */
  leave(): void {
    this.#gate.leave()
  }

  /** At once and for good. */
  cut(): void {
    this.#gate.shut()
  }

  /** Nobody minds its silence any more. */
  unwatch(): void {
    this.#keepAlive.stop()
  }
}

/** Asks for a sign of life. Nobody waits for this answer: any frame is one. */
function ping(socket: WASocket): void {
  const attrs = { id: socket.generateMessageTag(), to: S_WHATSAPP_NET, type: 'get', xmlns: 'w:p' }
  // Baileys notes two stacks for each frame that leaves, a third of what a ping costs: here they would tell nobody anything
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    // a line that is lost is told by its own end
    socket.sendNode({ tag: 'iq', attrs, content: [{ tag: 'ping', attrs: {} }] }).catch(() => {})
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
