import type { SessionState } from '../../contract/sessions.js'
import type { CloseReason } from '../engine/engine.js'
import { StorageError } from '../engine/keystore.js'
import { VaultError } from '../vault/vault-error.js'
import type { SessionReason } from './session-reasons.js'

/** What happens after a socket's end: when to connect again, or the state the session rests in. */
export type Reaction =
  | { next: 'reconnect'; when: 'now' | 'backoff' }
  | { next: 'rest'; state: Extract<SessionState, 'disconnected' | 'logged_out' | 'banned'>; reason: SessionReason }
  /** Not ours any more, or closed on purpose: nothing is written. */
  | { next: 'nothing' }

/** One decided reaction for every way a socket ends. Credentials are never deleted here. */
export function reactionTo({ kind }: CloseReason): Reaction {
  switch (kind) {
    case 'restart_required':
      return { next: 'reconnect', when: 'now' }
    case 'connection_lost':
    case 'zombie':
    case 'deaf':
    case 'unreachable':
    case 'server_error':
    case 'server_experimental':
    case 'login_refused':
    case 'rate_limited':
    case 'registration_refused':
    case 'stanza_rejected':
    case 'undecodable_frame':
    case 'storage_error':
    case 'qr_expired':
    case 'pairing_rejected':
    case 'code_refused':
    case 'code_rate_limited':
    case 'code_unanswered':
    case 'code_expired':
    case 'passkey_required':
    case 'unknown':
      return { next: 'reconnect', when: 'backoff' }
    case 'logged_out':
    case 'locked':
      return { next: 'rest', state: 'logged_out', reason: kind }
    case 'banned':
      return { next: 'rest', state: 'banned', reason: kind }
    case 'replaced':
    case 'restricted':
    case 'engine_outdated':
    case 'engine_misconfigured':
    case 'phone_outdated':
      return { next: 'rest', state: 'disconnected', reason: kind }
    case 'storage_damaged':
      return { next: 'rest', state: 'disconnected', reason: kind }
    case 'fenced':
    case 'closed_by_us':
      return { next: 'nothing' }
  }
}

/** What happens when stored credentials cannot be loaded. Damage is never retried for ever, absence never met with new ones. */
export function reactionToLoading(error: unknown): Reaction {
  if (error instanceof VaultError || isDamage(error))
    return { next: 'rest', state: 'disconnected', reason: 'storage_damaged' }
  return error instanceof StorageError && error.code === 'fenced'
    ? { next: 'nothing' }
    : { next: 'reconnect', when: 'backoff' }
}

const isDamage = (error: unknown) => error instanceof StorageError && error.code === 'storage_damaged'

const longestBackoffMs = 300_000

/** Full jitter: sessions that lost their line together do not come back together. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return Math.floor(random() * Math.min(longestBackoffMs, 1_000 * 2 ** Math.min(attempt, 20)))
}
