import { once } from 'node:events'
import {
  BufferJSON,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  generateLoginNode,
  makeNoiseHandler,
  NOISE_WA_HEADER,
  proto,
  type AuthenticationCreds,
  type BinaryNode,
  type SocketConfig,
} from '@whiskeysockets/baileys'
import { WebSocket } from 'ws'
import { trustRoot } from '../../src/backend/prelude/trusted-root.js'

export type CopyOptions = {
  /** Of WhatsApp. */
  url: string
  rootKey: string
  /** As Baileys' `BufferJSON` writes them. */
  creds: string
}

const patienceMs = 15_000

const nothing = () => {}

const silent: SocketConfig['logger'] = {
  level: 'silent',
  child: () => silent,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
}

/**
 * A copy of a session's credentials, used somewhere else: logs in, for which WhatsApp throws the session out, and says not one word more. What
 * it would be sent waits for the session.
 */
export class CopiedSession {
  private constructor(private readonly socket: WebSocket) {}

  /** @throws Error when WhatsApp does not let it in */
  static async open({ url, rootKey, creds }: CopyOptions): Promise<CopiedSession> {
    const socket = new WebSocket(url, { handshakeTimeout: patienceMs })
    // its end is told by `close`
    socket.on('error', nothing)
    const timer = setTimeout(() => socket.terminate(), patienceMs)
    try {
      await Promise.race([
        once(socket, 'open').then(() => logIn(socket, rootKey, creds)),
        once(socket, 'close').then(() => Promise.reject(new Error('the line was closed before the login'))),
      ])
      return new CopiedSession(socket)
    } catch (error) {
      socket.terminate()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.socket, 'close')
    this.socket.terminate()
    await closed
  }
}

/** Noise XX and the login payload, as Baileys' own socket has them (`Socket/socket.js`, `validateConnection`). */
function logIn(socket: WebSocket, rootKey: string, creds: string): Promise<void> {
  trustRoot(rootKey)
  const { me, noiseKey } = JSON.parse(creds, BufferJSON.reviver) as AuthenticationCreds
  const keyPair = Curve.generateKeyPair()
  const noise = makeNoiseHandler({ keyPair, NOISE_HEADER: NOISE_WA_HEADER, logger: silent })
  const send = (message: proto.IHandshakeMessage) =>
    socket.send(noise.encodeFrame(proto.HandshakeMessage.encode(message).finish()))

  const finish = (hello: Uint8Array) => {
    const encryptedKey = noise.processHandshake(proto.HandshakeMessage.decode(hello), noiseKey)
    const login = generateLoginNode(me?.id ?? '', DEFAULT_CONNECTION_CONFIG)
    const payload = noise.encrypt(proto.ClientPayload.encode(login).finish())
    send({ clientFinish: { static: encryptedKey, payload } })
    void noise.finishInit()
  }

  return new Promise((resolve, reject) => {
    const take = (frame: Uint8Array | BinaryNode) => {
      if (frame instanceof Uint8Array) finish(frame)
      else if (frame.tag === 'success') resolve()
      else if (frame.tag === 'failure') reject(new Error(`login refused with ${frame.attrs['reason']}`))
    }
    socket.on('message', (data: Buffer) => {
      noise.decodeFrame(data, take).catch(reject)
    })
    send({ clientHello: { ephemeral: keyPair.public } })
  })
}
