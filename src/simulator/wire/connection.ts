import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { KeyPair } from './curve.js'
import { encodeFrame, FrameReader } from './frames.js'
import { decodeNode, encodeDeflated, encodeNode, type Node } from './node-codec.js'
import { NoiseResponder, type NoiseTransport } from './noise.js'
import { proto } from './protobuf.js'

export type ServerIdentity = { staticKey: KeyPair; certificates: Uint8Array }

export type ConnectionListener = {
  /** The handshake is done: who speaks, and what it wants. Throwing refuses the connection. */
  hello(payload: proto.ClientPayload, clientStatic: Buffer): void
  stanza(value: Node): void
  /** What the client still says though it has been hung up on. */
  late(value: Node): void
  /** Once, whoever closed; `code` is the websocket's, 1006 for a line that ended without a goodbye. */
  closed(code: number): void
  /** The client broke the framing, the handshake or the encryption; the connection is being cut. */
  broken(reason: string): void
}

/** The websocket's code for a connection that ended without a closing handshake. */
export const ABNORMAL = 1006
/** How long a frozen connection nobody needs any more keeps its socket. */
const FROZEN_MS = 120_000
/** Long enough for a farewell to be read before the line is cut. */
const HANG_UP_MS = 250
/** How long a connection that was hung up on is listened to: its process may have been stopped, and speak when it goes on. */
const LATE_MS = 30_000
/** A binary websocket message of 4,096 bytes, of which the first few come. */
const HALF_A_FRAME = Buffer.from([0x82, 126, 0x10, 0x00, 0, 0x0f, 0xfd, 1, 2, 3])

/** A websocket that came in, and the TCP connection below it. */
export type Arrival = {
  socket: WebSocket
  line: Socket
  /** number of the port it came in by, from 0 */
  frontEnd: number
  /** what the client's URL said under `via`, to tell who it is */
  via?: string
}

/** One client's socket: frames and Noise below, nodes above. It knows no stanza. */
export class Connection {
  readonly #reader = new FrameReader()
  readonly #noise: NoiseResponder
  #transport: NoiseTransport | undefined
  #greeted = false
  #deaf = false
  #hungUp = false
  #frozen = false
  #gone = false

  private readonly socket: WebSocket

  constructor(
    readonly id: number,
    private readonly arrival: Arrival,
    identity: ServerIdentity,
    private readonly listener: ConnectionListener,
  ) {
    const { socket } = arrival
    this.socket = socket
    this.#noise = new NoiseResponder(identity.staticKey, identity.certificates)
    socket.on('message', data => this.#received(Buffer.isBuffer(data) ? data : Buffer.alloc(0)))
    socket.once('close', code => this.#closed(code))
    socket.on('error', () => socket.terminate())
  }

  get frontEnd(): number {
    return this.arrival.frontEnd
  }

  get open(): boolean {
    return !this.#frozen && this.socket.readyState === this.socket.OPEN
  }

  /** Sends a node; a connection that is gone swallows it, as the network would. */
  send(value: Node, compressed = false): void {
    if (!this.#transport || !this.open) return
    this.socket.send(encodeFrame(this.#transport.encrypt(compressed ? encodeDeflated(value) : encodeNode(value))))
  }

  /**
   * Stops reading and writing, as if a middlebox had forgotten the connection: no end of it is noticed any more, so the listener is told at
   * once when `close` is asked for. The socket stays until the process lets go of it.
   */
  freeze(midFrame: boolean): void {
    if (this.#frozen) return
    if (midFrame && this.open) this.arrival.line.write(HALF_A_FRAME)
    this.#frozen = true
    this.socket.pause()
  }

  get frozen(): boolean {
    return this.#frozen
  }

  /** Sends bytes as one frame without encrypting them: what a broken server or a middlebox would do. */
  sendRaw(body: Uint8Array): void {
    if (this.open) this.socket.send(encodeFrame(body))
  }

  /** Says goodbye on the websocket level once everything sent has left. */
  close(): void {
    if (!this.#frozen) return this.socket.close()
    setTimeout(() => this.socket.terminate(), FROZEN_MS).unref()
    this.#closed(ABNORMAL)
  }

  /** Closes without waiting for the client's answer; what it still says, if it should be stopped and go on long after, is only noted. */
  hangUp(): void {
    this.#hungUp = true
    this.close()
    setTimeout(() => this.#closed(ABNORMAL), HANG_UP_MS).unref()
    setTimeout(() => this.socket.terminate(), LATE_MS).unref()
  }

  /** Cuts the line without a word. */
  cut(): void {
    this.socket.terminate()
  }

  /** Cuts the line by a TCP reset. */
  reset(): void {
    this.arrival.line.resetAndDestroy()
  }

  /** Cuts the line as soon as everything sent has left; whatever the client still says is not heard. */
  cutOnceSent(): void {
    this.#deaf = true
    this.socket.ping(undefined, undefined, () => this.socket.terminate())
  }

  #closed(code: number): void {
    if (this.#gone) return
    this.#gone = true
    this.listener.closed(code)
  }

  #received(data: Buffer): void {
    if (this.#deaf || this.#frozen) return
    try {
      for (const frame of this.#reader.push(data)) this.#frame(frame)
    } catch (error) {
      this.listener.broken(error instanceof Error ? error.message : 'unreadable frame')
      this.cut()
    }
  }

  #frame(frame: Buffer): void {
    if (this.#transport) {
      const stanza = decodeNode(this.#transport.decrypt(frame))
      if (this.#hungUp) this.listener.late(stanza)
      else this.listener.stanza(stanza)
    } else if (!this.#greeted) {
      this.#greeted = true
      this.socket.send(encodeFrame(this.#noise.hello(this.#reader.intro ?? Buffer.alloc(0), frame)))
    } else {
      const { clientStatic, payload, transport } = this.#noise.finish(frame)
      this.#transport = transport
      this.listener.hello(proto.ClientPayload.decode(payload), clientStatic)
    }
  }
}
