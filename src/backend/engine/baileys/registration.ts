import { randomBytes } from 'node:crypto'
import { buildAckStanza, getBinaryNodeChild, type BinaryNode, type WASocket } from '@whiskeysockets/baileys'
import type { CloseCause, ConnectOptions, EngineEvent } from '../engine.js'
import type { AuthState } from './auth-state.js'
import { isPaired } from './credentials.js'
import { PairingCode } from './pairing-code.js'
import { withSecret } from './qr-secret.js'

/** First and later lifetimes of a QR: Baileys' own, which follow WhatsApp Web. */
const qrLifetimesMs = { first: 60_000, later: 20_000 }

/** WhatsApp ends the connection of a new device at once, so that it logs in. Should it ever not, this side does. */
export const restartLimitMs = 10_000

/** How the server words that the registration's secret is retired. Source: Baileys pull request 2765. */
const refreshes = ['companion_reg_refresh', 'pair-device-rotate-qr']

export type RegistrationDeps = {
  socket: WASocket
  auth: AuthState
  pairByCode: ConnectOptions['pairByCode']
  emit: (event: EngineEvent) => void
  cut: (reason: CloseCause) => void
}

/**
 * What a connection without an account shows: QRs or one pairing code, until a phone accepts. Also hears the two notifications about a
 * running link that Baileys ignores (and, without a `me`, cannot even acknowledge).
 */
export class Registration {
  readonly #deps: RegistrationDeps
  readonly #code: PairingCode | null
  #qr: { text: string; until: number } | null = null
  #restart: NodeJS.Timeout | undefined
  #shown = false

  constructor(deps: RegistrationDeps) {
    this.#deps = deps
    const { cut, pairByCode, socket } = deps
    this.#code = pairByCode === undefined ? null : new PairingCode(deps)
    socket.ws.on('CB:notification,type:companion_reg_refresh', (node: BinaryNode) => this.#onRefresh(node))
    socket.ws.on('CB:notification,type:passkey_prologue_request', (node: BinaryNode) => {
      if (this.#isOver()) return
      this.#acknowledge(node)
      cut({ plane: 'stream', kind: 'passkey_required', status: null })
    })
  }

  /** Whether a QR or a code was there to be used. */
  get shown(): boolean {
    return this.#shown
  }

  /** Baileys shows a QR: the first one also says that the handshake is done and a code may be asked for. */
  onQr(qr: string): void {
    const first = !this.#shown
    this.#shown = true
    if (this.#code !== null) {
      if (first && this.#deps.pairByCode) void this.#code.ask(this.#deps.pairByCode.phoneNumber)
      return
    }
    const lifetime = first ? qrLifetimesMs.first : qrLifetimesMs.later
    this.#qr = { text: qr, until: Date.now() + lifetime }
    this.#emitQr(qr, lifetime)
  }

  /** To be called on each change of credentials. */
  credsChanged(): void {
    this.#code?.credsChanged()
  }

  /** A phone has accepted: nothing shown before is of use. */
  paired(): void {
    this.stop()
    const { cut } = this.#deps
    this.#restart = setTimeout(() => cut({ plane: 'local', kind: 'restart_required', status: null }), restartLimitMs)
  }

  /** The connection is over. */
  stop(): void {
    this.#qr = null
    this.#code?.stop()
    clearTimeout(this.#restart)
  }

  /**
   * The secret of the QR is retired: a phone that scans it fails. A fresh one is made and the QR shown again with it.
   * By code nothing is shown that holds the secret, and the phone's answer derives another one from the code; replacing that one would
   * spoil a link that is about to succeed. (WhatsApp Web and zapo replace it always, whatsapp-rust not once the phone has answered.)
   */
  #onRefresh(node: BinaryNode): void {
    if (this.#isOver() || !refreshes.some(tag => getBinaryNodeChild(node, tag))) return
    this.#acknowledge(node)
    if (this.#code !== null) return
    const { auth } = this.#deps
    auth.creds.advSecretKey = randomBytes(32).toString('base64')
    auth.credsChanged()
    const left = this.#qr === null ? 0 : this.#qr.until - Date.now()
    if (this.#qr !== null && left > 0) this.#emitQr(this.#qr.text, left)
  }

  /** Baileys' timer holds the secret of the first QR. */
  #emitQr(qr: string, expiresInMs: number): void {
    this.#deps.emit({ type: 'qr', qr: withSecret(qr, this.#deps.auth.creds.advSecretKey), expiresInMs })
  }

  #acknowledge(node: BinaryNode): void {
    const { auth, socket } = this.#deps
    // with a `me` Baileys does it
    if (auth.creds.me === undefined) socket.sendNode(buildAckStanza(node)).catch(() => {})
  }

  #isOver(): boolean {
    return isPaired(this.#deps.auth.creds)
  }
}
