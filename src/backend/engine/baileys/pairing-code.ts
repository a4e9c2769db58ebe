import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'
import { getBinaryNodeChild } from '@whiskeysockets/baileys'
import type { CloseCause, EngineEvent } from '../engine.js'

/** The server answers at once or never. Source: Baileys issues 2737 and 1761. */
export const codeReplyLimitMs = 3_000

/** WhatsApp keeps a code for 180 s. It is shown for that long less the longest wait for the reply, so never after its end. */
export const codeLifetimeMs = 180_000 - codeReplyLimitMs

/** A code that was typed in the last moment still gets the time in which a phone finishes. */
export const codeFinishLimitMs = 30_000

export type PairingCodeDeps = {
  socket: WASocket
  emit: (event: EngineEvent) => void
  cut: (reason: CloseCause) => void
}

/**
 * One pairing code on a registering connection: asked for once, shown only when the server has taken it, ended when its time is up.
 * Baileys draws the code (40 bits of `crypto.randomBytes` in WhatsApp's alphabet of 32) and answers the phone; it tells neither whether
 * the server took the code nor that somebody typed it. Both are read off the wire here.
 */
export class PairingCode {
  readonly #deps: PairingCodeDeps
  #timer: NodeJS.Timeout | undefined
  #endsAt = 0
  #greetings = 0
  #answered = false
  #over = false

  constructor(deps: PairingCodeDeps) {
    this.#deps = deps
    const { ws } = deps.socket
    ws.on('CB:notification,type:link_code_companion_reg', (node: BinaryNode) => {
      const registration = getBinaryNodeChild(node, 'link_code_companion_reg')
      if (registration?.attrs['stage'] === 'primary_hello') this.#greetings++
    })
    ws.on('CB:iq,type:result', () => {
      this.#answered = true
      setImmediate(() => (this.#answered = false))
    })
  }

  /** Asks the server for a code. Call it once, when the handshake is done: before that it would turn the registration into a login. */
  async ask(phoneNumber: string): Promise<void> {
    const { socket, emit } = this.#deps
    const reply = new Promise<BinaryNode>(resolve => socket.ws.once(`TAG:${nextStanzaId(socket)}`, resolve))
    emit({ type: 'code_asked' })
    try {
      const code = await socket.requestPairingCode(phoneNumber)
      this.#endIn(codeReplyLimitMs, 'code_unanswered')
      const { type, status } = readReply(await reply)
      if (this.#over) return
      if (type === 'error') return this.#end(status === 429 ? 'code_rate_limited' : 'code_refused', status)
      this.#endIn(codeLifetimeMs, 'code_expired')
      emit({ type: 'pairing_code', code: `${code.slice(0, 4)}-${code.slice(4)}`, expiresInMs: codeLifetimeMs })
    } catch {
      this.#end('code_unanswered', null)
    }
  }

  /**
   * To be called on each change of credentials. Baileys announces one in the same turn in which the answer to `companion_finish` arrives;
   * it does so too when it gave up waiting, and then nothing was answered.
   */
  credsChanged(): void {
    if (this.#greetings === 0 || !this.#answered || this.#over) return
    this.#greetings--
    if (this.#endsAt - Date.now() < codeFinishLimitMs) this.#endIn(codeFinishLimitMs, 'code_expired')
    this.#deps.emit({ type: 'pairing_code_entered', expiresInMs: this.#endsAt - Date.now() })
  }

  /** Nothing more is asked, told or ended. */
  stop(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }

  #endIn(ms: number, kind: 'code_unanswered' | 'code_expired'): void {
    if (this.#over) return
    clearTimeout(this.#timer)
    this.#endsAt = Date.now() + ms
    this.#timer = setTimeout(() => this.#end(kind, null), ms)
  }

  #end(kind: CloseCause['kind'], status: number | null): void {
    if (this.#over) return
    this.stop()
    this.#deps.cut({ plane: 'stream', kind, status })
  }
}

/** The id that Baileys' next stanza will carry: its tags are a prefix and a counter, and it names a stanza in the turn it is called in. */
function nextStanzaId(socket: WASocket): string {
  const [, prefix = '', count = ''] = /^(.*?)(\d+)$/.exec(socket.generateMessageTag()) ?? []
  return `${prefix}${Number(count) + 1}`
}

function readReply(reply: BinaryNode): { type: string | undefined; status: number | null } {
  const status = Number(getBinaryNodeChild(reply, 'error')?.attrs['code'])
  return { type: reply.attrs['type'], status: Number.isInteger(status) ? status : null }
}
