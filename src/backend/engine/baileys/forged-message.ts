import { normalizeMessageContent, proto, type AuthenticationCreds } from '@whiskeysockets/baileys'
import type { Log } from '../../log.js'
import type { EngineEvent } from '../engine.js'
import { decodePadded } from './own-key-share.js'
import { isOwnDevice } from './watch-phone.js'

const { Type } = proto.Message.ProtocolMessage

/** Only the account's own devices say these to each other. Source: `handleProtocolMessage` of whatsmeow, CVE-2026-48063. */
const ownAffairs = new Map<number, string>([
  [Type.HISTORY_SYNC_NOTIFICATION, 'history_sync'],
  [Type.APP_STATE_SYNC_KEY_SHARE, 'app_state_key_share'],
  [Type.APP_STATE_SYNC_KEY_REQUEST, 'app_state_key_request'],
  [Type.PEER_DATA_OPERATION_REQUEST_MESSAGE, 'data_request'],
  [Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE, 'data_response'],
  [Type.LID_MIGRATION_MAPPING_SYNC, 'lid_mapping'],
])

/** An empty message with its padding. */
const nothing = Uint8Array.of(1)

const loudEveryMs = 60_000

export type TellForged = (event: Extract<EngineEvent, { type: 'forged_message' }>) => void

/**
 * Takes messages that only an own device may send out of what others send, before anything looks into them. A guard of our own beside that
 * of Baileys, which still acts on some of them first.
 */
export class ForgeryGuard {
  readonly #creds: AuthenticationCreds
  readonly #log: Log
  readonly #emit: TellForged
  #loudAt = -Infinity

  /** @param emit is told of each, while the log has one a minute */
  constructor(creds: AuthenticationCreds, log: Log, emit: TellForged) {
    this.#creds = creds
    this.#log = log
    this.#emit = emit
  }

  /** @param author the device that encrypted it */
  check(author: string, plaintext: Uint8Array): Uint8Array {
    if (isOwnDevice(this.#creds, author)) return plaintext
    const forged = forgeryIn(plaintext)
    if (forged === undefined) return plaintext
    this.#emit({ type: 'forged_message', code: forged })
    // whoever sends many of them does not fill the log
    if (performance.now() - this.#loudAt > loudEveryMs) {
      this.#loudAt = performance.now()
      this.#log.warn('forged_message_dropped', { code: forged })
    }
    return nothing
  }
}

function forgeryIn(plaintext: Uint8Array): string | undefined {
  const message = decodePadded(plaintext)
  const wrapped = message?.deviceSentMessage?.message ?? message
  return ownAffairs.get(normalizeMessageContent(wrapped)?.protocolMessage?.type ?? -1)
}
