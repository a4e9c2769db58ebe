import type { CloseKind, CloseReason } from '../engine/engine.js'
import { linkingReactions } from './linking-reactions.js'
import { usual, type Again, type Plane, type Reaction, type RestingState } from './reaction.js'
import type { SessionReason } from './session-reasons.js'

const minuteMs = 60_000

const spoken: readonly Plane[] = ['login', 'stream']

const never: Again = { when: 'never' }
const soon: Again = { when: 'soon' }
const backoff: Again = { when: 'backoff' }
const afterMinute: Again = { when: 'after', ms: minuteMs }

const reconnecting = (reason: SessionReason) => ({ trying: { state: 'reconnecting', reason }, rest: null }) as const
const waiting = (reason: SessionReason) => ({
  trying: { state: 'disconnected', reason } as const,
  rest: { state: 'disconnected', reason } as const,
})
const resting = (state: RestingState, reason: SessionReason) => ({ trying: null, rest: { state, reason } }) as const
const silence = { trying: null, rest: null } as const

/**
 * Every way a connection ends, and what follows. A number alone decides nothing: the same one is said by three sides (`CloseReason.plane`)
 * and means another thing to a device that no account knows yet. Sources: WhatsApp Web's codes as whatsmeow's `types/events` names them,
 * `docs/sessions.md` for the reasons behind each row. Credentials are never deleted over any of them.
 */
export const closeReactions = [
  {
    ...usual,
    planes: [...spoken, 'local'],
    kind: 'logged_out',
    codes: [401],
    meaning: 'the device was removed from the account',
    again: never,
    credentials: 'quarantine',
    ...resting('logged_out', 'logged_out'),
  },
  {
    ...usual,
    planes: ['login'],
    kind: 'restricted',
    codes: [402],
    meaning: 'the account is restricted for a time',
    again: { when: 'until' },
    ...waiting('restricted'),
  },
  {
    ...usual,
    planes: ['login'],
    kind: 'locked',
    codes: [403],
    meaning: 'the account is locked; WhatsApp’s own words are shown',
    again: never,
    credentials: 'quarantine',
    ...resting('logged_out', 'locked'),
  },
  {
    ...usual,
    planes: ['login'],
    kind: 'engine_outdated',
    codes: [405],
    meaning: 'this client’s version is refused, and with it every session’s',
    again: afterMinute,
    ...waiting('engine_outdated'),
    breaker: 'outdated',
    operator: 'at_once',
  },
  {
    ...usual,
    planes: ['login'],
    kind: 'banned',
    codes: [406],
    meaning: 'the account is banned',
    again: never,
    credentials: 'quarantine',
    ...resting('banned', 'banned'),
  },
  {
    ...usual,
    planes: ['login'],
    kind: 'engine_misconfigured',
    codes: [409],
    meaning: 'WhatsApp does not take how this client describes itself',
    again: never,
    ...resting('disconnected', 'engine_misconfigured'),
    operator: 'at_rest',
  },
  {
    ...usual,
    planes: ['stream'],
    kind: 'phone_outdated',
    codes: [411],
    meaning: 'WhatsApp on the phone is too old for linked devices',
    again: never,
    ...resting('disconnected', 'phone_outdated'),
  },
  {
    ...usual,
    planes: ['login'],
    kind: 'login_refused',
    codes: [413, 414, 415, 418],
    meaning: 'the login is refused for a reason that nobody has explained',
    again: backoff,
    tries: { most: 3, withinMs: 60 * minuteMs },
    trying: { state: 'reconnecting', reason: 'login_refused' },
    rest: { state: 'disconnected', reason: 'login_refused' },
    operator: 'at_rest',
  },
  {
    ...usual,
    planes: spoken,
    kind: 'rate_limited',
    codes: [429],
    meaning: 'WhatsApp wants fewer logins of this account',
    again: afterMinute,
    ...reconnecting('throttled'),
  },
  {
    ...usual,
    planes: ['stream'],
    kind: 'replaced',
    codes: [440],
    meaning: 'something else has logged in with these credentials; a bot that runs again has its session back at once',
    again: afterMinute,
    tries: { most: 1, withinMs: 10 * minuteMs },
    trying: { state: 'reconnecting', reason: 'replaced' },
    rest: { state: 'disconnected', reason: 'replaced' },
  },
  {
    ...usual,
    planes: spoken,
    kind: 'server_error',
    codes: [500, 503],
    meaning: 'WhatsApp has trouble of its own',
    again: backoff,
    ...reconnecting('server_trouble'),
  },
  {
    ...usual,
    planes: spoken,
    kind: 'server_experimental',
    codes: [501],
    meaning: 'WhatsApp tries something out',
    again: backoff,
    ...reconnecting('server_trouble'),
    operator: 'at_once',
  },
  {
    ...usual,
    planes: ['stream', 'local'],
    kind: 'restart_required',
    codes: [515],
    meaning: 'WhatsApp asks for a new login; credentials are stored by then',
    again: { when: 'now' },
    ...reconnecting('connection_lost'),
  },
  {
    ...usual,
    planes: ['stream'],
    kind: 'stanza_rejected',
    codes: [500],
    meaning: 'WhatsApp ended the stream over something that was sent; twice over one message fails that message',
    again: soon,
    ...reconnecting('connection_lost'),
  },
  {
    ...usual,
    planes: ['login', 'stream', 'local'],
    kind: 'unknown',
    codes: [500],
    meaning: 'nobody knows what it says; 500 is also what Baileys makes of an error without a number',
    again: backoff,
    ...reconnecting('connection_lost'),
  },
  {
    ...usual,
    planes: ['http'],
    kind: 'rate_limited',
    codes: [429],
    meaning: 'the websocket was refused: too many connects from this address',
    again: afterMinute,
    ...reconnecting('throttled'),
    breaker: 'upgrade_429',
  },
  {
    ...usual,
    planes: ['http'],
    kind: 'server_error',
    codes: [500, 502, 503, 504],
    meaning: 'the websocket was refused by a server in trouble',
    again: backoff,
    ...reconnecting('network'),
  },
  {
    ...usual,
    planes: ['http'],
    kind: 'unreachable',
    codes: [200, 302, 401, 403, 404, 405],
    meaning: 'something else answered in place of the websocket; it says nothing about any account',
    again: backoff,
    ...reconnecting('network'),
  },
  {
    ...usual,
    planes: ['local'],
    kind: 'connection_lost',
    codes: [408, 428],
    meaning: 'the line was lost',
    again: soon,
    ...reconnecting('connection_lost'),
  },
  {
    ...usual,
    planes: ['local'],
    kind: 'deaf',
    meaning: 'the line answered, but no message came through',
    again: soon,
    ...reconnecting('deaf'),
  },
  {
    ...usual,
    planes: ['local'],
    kind: 'unreachable',
    codes: [408, 428],
    meaning: 'no connection came about',
    again: soon,
    ...reconnecting('network'),
  },
  {
    ...usual,
    planes: ['local'],
    kind: 'zombie',
    meaning: 'the line stood, but nothing answered any more',
    again: soon,
    ...reconnecting('connection_lost'),
  },
  {
    ...usual,
    planes: ['local'],
    kind: 'undecodable_frame',
    meaning: 'a frame could not be decrypted',
    again: soon,
    ...reconnecting('connection_lost'),
  },
  {
    ...usual,
    planes: ['storage'],
    kind: 'storage_error',
    meaning: 'the database failed; the line was cut before anything was acknowledged',
    again: backoff,
    ...reconnecting('storage_error'),
  },
  {
    ...usual,
    planes: ['storage'],
    kind: 'storage_damaged',
    meaning: 'a stored value does not open',
    again: never,
    ...resting('disconnected', 'storage_damaged'),
    operator: 'at_rest',
  },
  {
    ...usual,
    planes: ['local', 'storage'],
    kind: 'fenced',
    meaning: 'another node runs the session',
    again: never,
    ...silence,
  },
  {
    ...usual,
    planes: ['local'],
    kind: 'closed_by_us',
    meaning: 'closed on purpose',
    again: never,
    ...silence,
  },
  ...linkingReactions,
] as const satisfies readonly Reaction[]

type Row = (typeof closeReactions)[number]
/** Compiles only while every kind has a row. */
type Complete = Exclude<CloseKind, Row['kind']> extends never ? true : never
const complete: Complete = true

const rows: readonly Reaction[] = complete && closeReactions

/** The row for this end. What no row knows in this phase is met like what nobody understands: by patience. */
export function reactionTo({ plane, kind, phase }: Pick<CloseReason, 'plane' | 'kind' | 'phase'>): Reaction {
  const fits = (row: Reaction) => row.phases.includes(phase)
  const found =
    rows.find(row => fits(row) && row.kind === kind && row.planes.includes(plane)) ??
    rows.find(row => fits(row) && row.kind === 'unknown')
  if (found === undefined) throw new TypeError('the table has no row for what is unknown')
  return found
}
