import type { CloseKind, CloseReason } from '../engine.js'

type ClosedError = { message?: string; data?: unknown; output?: { statusCode?: number } } | undefined

/** WhatsApp's `<failure reason>` at login. Source: the reliability table 1.1, after whatsmeow's names. */
const loginKinds: Record<number, CloseKind> = {
  401: 'logged_out',
  402: 'restricted',
  403: 'locked',
  405: 'engine_outdated',
  406: 'banned',
  500: 'server_error',
  501: 'server_error',
  503: 'server_error',
}

/** `<stream:error code>` and its conflict child on an open stream. */
const streamKinds: Record<number, CloseKind> = {
  401: 'logged_out',
  411: 'phone_outdated',
  440: 'replaced',
  503: 'server_error',
  515: 'restart_required',
}

/** The phone's proof that it read this QR, and its account's signature under the new device. Source: `lib/Utils/validate-connection.js`. */
const signatureProblems = new Set(['Invalid account signature', 'Failed to verify account signature'])

/**
 * What Baileys' `lastDisconnect.error` means. The same number comes from three places, so the plane is told from the message first:
 * Baileys words them `Connection Failure` (login), `Stream Errored (…)` (stream), anything else is local.
 */
export function closeReason(error: unknown, phase: 'registering' | 'logging_in' | 'open'): CloseReason {
  const { message = '', output } = (error ?? {}) as NonNullable<ClosedError>
  const status = output?.statusCode ?? null
  if (message.startsWith('Connection Failure')) return { plane: 'login', kind: kindOf(loginKinds, status), status }
  if (message.startsWith('Stream Errored') || message.startsWith('Multi-device beta')) {
    return { plane: 'stream', kind: kindOf(streamKinds, status), status }
  }
  return { plane: 'local', kind: localKind(message, phase), status }
}

function kindOf(kinds: Record<number, CloseKind>, status: number | null): CloseKind {
  return (status === null ? undefined : kinds[status]) ?? 'unknown'
}

function localKind(message: string, phase: 'registering' | 'logging_in' | 'open'): CloseKind {
  if (message === 'QR refs attempts ended') return 'qr_expired'
  if (message === 'Intentional Logout') return 'logged_out'
  if (signatureProblems.has(message)) return 'pairing_rejected'
  return phase === 'open' ? 'connection_lost' : 'unreachable'
}
