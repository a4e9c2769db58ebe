import type { SessionId } from '../../contract/ids.js'

/** Who goes first. `owner_waits`: somebody has just asked for it. `pending`: messages wait to be sent. `recent`: it ran a moment ago. */
export type ConnectPriority = 'owner_waits' | 'pending' | 'recent' | 'rest'

export type ConnectRequest = { sessionId: SessionId; priority: ConnectPriority }

/** Decides when a session may connect, so that many do not come to WhatsApp at once. */
export interface ConnectPacer {
  /** Resolves when this session may connect. @throws the signal's reason once it aborts */
  turn(request: ConnectRequest, signal: AbortSignal): Promise<void>
}
