import type { LinkPhase } from '../../contract/linking.js'
import type { Account, EngineConnection, EngineEvent } from '../engine/engine.js'
import type { LinkReason } from './link-reasons.js'

export type AttemptEnd = {
  phase: Extract<LinkPhase, 'expired' | 'cancelled' | 'failed'>
  reason: LinkReason
  /** How long WhatsApp asked to be left alone. */
  retryAfterMs?: number
}

/** What the visitor is to do something with. */
export type Shown = { qr: string } | { code: string }

/** What each turn of an attempt means to the rest of the product. Done when its promise resolves. */
export type LinkTurns = {
  /** Out of the queue. `false`: the attempt had ended. */
  called(): Promise<boolean>
  qr(qr: string, expiresInMs: number): Promise<void>
  code(code: string, expiresInMs: number): Promise<void>
  /** @param expiresInMs how long the phone may now take to finish */
  codeEntered(expiresInMs: number): Promise<void>
  scanned(): Promise<void>
  /** Promotes, and answers where the connection's further events go. `null`: the attempt had ended, the device is not wanted. */
  opened(account: Account, connection: EngineConnection): Promise<((event: EngineEvent) => void) | null>
  ended(end: AttemptEnd): Promise<void>
}
