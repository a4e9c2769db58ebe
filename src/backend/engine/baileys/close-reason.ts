import type { CloseKind, CloseReason } from '../engine.js'

type ClosedError = { message?: string; data?: unknown; output?: { statusCode?: number } } | undefined

/** How far a connection had come. `shown`: it registers, and a QR or a code was there to be used. */
export type Phase = 'registering' | 'shown' | 'logging_in' | 'open'

type Kinds = Partial<Record<number, CloseKind>>

/** WhatsApp's `<failure reason>` at login. Source: the reliability table 1.1, after whatsmeow's names. 413–415 and 418 stay `unknown`. */
const loginKinds: Kinds = {
  401: 'logged_out',
  402: 'restricted',
  403: 'locked',
  405: 'engine_outdated',
  406: 'banned',
  409: 'engine_misconfigured',
  429: 'rate_limited',
  500: 'server_error',
  501: 'server_error',
  503: 'server_error',
}

/** The same numbers said to a device that has no account yet cannot be about one. */
const registrationKinds: Kinds = {
  401: 'registration_refused',
  402: 'registration_refused',
  403: 'registration_refused',
  406: 'registration_refused',
}

/** `<stream:error code>`; 440 is Baileys' number for a conflict. */
const streamKinds: Kinds = {
  401: 'logged_out',
  411: 'phone_outdated',
  429: 'rate_limited',
  440: 'replaced',
  503: 'server_error',
  515: 'restart_required',
}

/** First children of a stream error that say that we sent something illegal. */
const rejections = new Set(['ack', 'xml-not-well-formed'])

/** The phone's proof that it read this QR, and its account's signature under the new device. Source: `lib/Utils/validate-connection.js`. */
const signatureProblems = new Set(['Invalid account signature', 'Failed to verify account signature'])

const longestRestrictionMs = 366 * 24 * 60 * 60 * 1_000

/**
 * What Baileys' `lastDisconnect.error` means. The same number comes from three places, so the plane is told from the message first:
 * Baileys words them `Connection Failure` (login), `Stream Errored (…)` (stream), anything else is local.
 */
export function closeReason(error: unknown, phase: Phase): CloseReason {
  const { message = '', data, output } = (error ?? {}) as NonNullable<ClosedError>
  const status = output?.statusCode ?? null
  const known = phase === 'registering' || phase === 'shown' ? registrationKinds : {}
  if (message.startsWith('Connection Failure')) {
    const kind = kindOf({ ...loginKinds, ...known }, status)
    return { plane: 'login', kind, status, ...(kind === 'restricted' && restriction(data)) }
  }
  if (message.startsWith('Stream Errored') || message.startsWith('Multi-device beta')) {
    return { plane: 'stream', kind: spoken(data) ?? kindOf({ ...streamKinds, ...known }, status), status }
  }
  return { plane: 'local', kind: localKind(message, phase), status }
}

/** What the stream error's first child says more exactly than the number: a removed device may come without a 401. */
function spoken(data: unknown): CloseKind | undefined {
  const { tag = '', attrs } = (data ?? {}) as { tag?: string; attrs?: Record<string, string> }
  if (rejections.has(tag)) return 'stanza_rejected'
  if (tag !== 'conflict') return undefined
  return attrs?.['type'] === 'device_removed' ? 'logged_out' : 'replaced'
}

/** `<failure reason="402" expire>` counts seconds. */
function restriction(data: unknown): Pick<CloseReason, 'until'> {
  const ms = Number((data as { expire?: string } | null)?.expire) * 1_000
  return ms > 0 ? { until: new Date(Date.now() + Math.min(ms, longestRestrictionMs)) } : {}
}

function kindOf(kinds: Kinds, status: number | null): CloseKind {
  return (status === null ? undefined : kinds[status]) ?? 'unknown'
}

function localKind(message: string, phase: Phase): CloseKind {
  if (message === 'QR refs attempts ended') return 'qr_expired'
  if (message === 'Intentional Logout') return 'logged_out'
  if (signatureProblems.has(message)) return 'pairing_rejected'
  return phase === 'open' || phase === 'shown' ? 'connection_lost' : 'unreachable'
}
