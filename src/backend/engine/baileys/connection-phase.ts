import type { BaileysEventMap } from '@whiskeysockets/baileys'
import type { CloseCause, ClosePhase } from '../engine.js'
import { closeReason } from './close-reason.js'

export type ConnectionPhaseDeps = {
  /** What registers the device; `null` on a connection that logs in. */
  registration: { readonly shown: boolean } | null
  /** The message that was written last of those without a verdict. */
  latestUnanswered: () => string | undefined
}

/** How far one connection has come, and what its end means there. */
export class ConnectionPhase {
  readonly #deps: ConnectionPhaseDeps
  #open = false
  #allTold = false

  constructor(deps: ConnectionPhaseDeps) {
    this.#deps = deps
  }

  /** Whether it has logged in. */
  get isOpen(): boolean {
    return this.#open
  }

  get phase(): ClosePhase {
    if (this.#deps.registration !== null) return 'linking'
    return this.#open && this.#allTold ? 'open' : 'syncing'
  }

  see({ connection, receivedPendingNotifications }: BaileysEventMap['connection.update']): void {
    if (connection === 'open') this.#open = true
    if (receivedPendingNotifications === true) this.#allTold = true
  }

  /** @param error Baileys' `lastDisconnect.error` */
  meaningOf(error: unknown): CloseCause {
    const cause = closeReason(error, this.#step)
    if (cause.kind !== 'stanza_rejected' || cause.stanzaId !== undefined) return cause
    // what is not well-formed is not named, but only a message without a verdict can have been it
    const stanzaId = this.#deps.latestUnanswered()
    return stanzaId === undefined ? cause : { ...cause, stanzaId }
  }

  get #step() {
    if (this.#open) return 'open'
    const { registration } = this.#deps
    if (registration === null) return 'logging_in'
    return registration.shown ? 'shown' : 'registering'
  }
}
