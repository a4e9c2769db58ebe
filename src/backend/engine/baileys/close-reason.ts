import type { CloseCause, CloseKind } from '../engine.js'

type ClosedError = { message?: string; data?: unknown; output?: { statusCode?: number } } | undefined

/** How far a connection had come. `shown`: it registers, and a QR or a code was there to be used. */
export type Phase = 'registering' | 'shown' | 'logging_in' | 'open'

type Kinds = Partial<Record<number, CloseKind>>

/** WhatsApp's `<failure reason>` at login. Source: whatsmeow's `types/events` and what it does on each. */
const loginKinds: Kinds = {
  401: 'logged_out',
  402: 'restricted',
  403: 'locked',
  405: 'engine_outdated',
  406: 'banned',
  409: 'engine_misconfigured',
  413: 'login_refused',
  414: 'login_refused',
  415: 'login_refused',
  418: 'login_refused',
  429: 'rate_limited',
  500: 'server_error',
  501: 'server_experimental',
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
  501: 'server_experimental',
  503: 'server_error',
  515: 'restart_required',
}

/** First children of a stream error that say that we sent something illegal. */
const rejections = new Set(['ack', 'xml-not-well-formed'])

/** The phone's proof that it read this QR, and its account's signature under the new device. Source: `lib/Utils/validate-connection.js`. */
const signatureProblems = new Set(['Invalid account signature', 'Failed to verify account signature'])

const longestRestrictionMs = 366 * 24 * 60 * 60 * 1_000
const longestText = 300
const longestName = 100
const mostAttributes = 20

/**
 * What Baileys' `lastDisconnect.error` means. The same number comes from three places, so the plane is told from the message first:
 * Baileys words them `Connection Failure` (login), `Stream Errored (…)` (stream), anything else is local.
 */
export function closeReason(error: unknown, phase: Phase): CloseCause {
  const { message = '', data, output } = (error ?? {}) as NonNullable<ClosedError>
  const status = output?.statusCode ?? null
  const known = phase === 'registering' || phase === 'shown' ? registrationKinds : {}
  if (message.startsWith('Connection Failure')) {
    const kind = kindOf({ ...loginKinds, ...known }, status)
    return { plane: 'login', kind, status, ...said(kind, data) }
  }
  if (message.startsWith('Stream Errored') || message.startsWith('Multi-device beta')) {
    const kind = spoken(data) ?? kindOf({ ...streamKinds, ...known }, status)
    return { plane: 'stream', kind, status, ...named(data, kind) }
  }
  return { plane: 'local', kind: localKind(message, phase), status }
}

function said(kind: CloseKind, data: unknown): Partial<CloseCause> {
  if (kind === 'restricted') return restriction(data)
  if (kind === 'locked') return words(data)
  return kind === 'login_refused' ? attributes(data) : {}
}

type FirstChild = { tag?: string; attrs?: Record<string, string> } | null | undefined

function named(data: unknown, kind: CloseKind): Pick<CloseCause, 'tag' | 'stanzaId'> {
  const { tag, attrs } = (data as FirstChild) ?? {}
  // an error without a child comes as itself
  if (tag === undefined || tag === 'stream:error') return {}
  const id = kind === 'stanza_rejected' ? attrs?.['id'] : undefined
  return { tag: tag.slice(0, longestName), ...(id !== undefined && { stanzaId: id.slice(0, longestName) }) }
}

/** Header and subtext of a `<failure reason="403">`, which the official client shows to the owner. */
function words(data: unknown): Pick<CloseCause, 'text'> {
  const { logout_message_header: header, logout_message_subtext: more } = (data ?? {}) as Record<string, unknown>
  const text = [header, more]
    .filter(part => typeof part === 'string')
    .join(' ')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
  // half a character at the end would not be stored
  const cut = text.slice(0, longestText).replace(/\p{Cs}$/u, '')
  return cut === '' ? {} : { text: cut }
}

/** `code=101 location reason=415`: a value that is longer than six digits may be somebody's number, and one of letters may be anything. */
function attributes(data: unknown): Pick<CloseCause, 'attributes'> {
  const shown = Object.entries((data ?? {}) as Record<string, unknown>)
    .filter(([name]) => /^[a-z_]{1,40}$/i.test(name))
    .map(([name, value]) => (/^\d{1,6}$/.test(String(value)) ? `${name}=${String(value)}` : name))
  return shown.length === 0 ? {} : { attributes: shown.toSorted().slice(0, mostAttributes).join(' ') }
}

/** What the stream error's first child says more exactly than the number: a removed device may come without a 401. */
function spoken(data: unknown): CloseKind | undefined {
  const { tag = '', attrs } = (data as FirstChild) ?? {}
  if (rejections.has(tag)) return 'stanza_rejected'
  if (tag !== 'conflict') return undefined
  return attrs?.['type'] === 'device_removed' ? 'logged_out' : 'replaced'
}

/** `<failure reason="402" expire>` counts seconds. */
function restriction(data: unknown): Pick<CloseCause, 'until'> {
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
