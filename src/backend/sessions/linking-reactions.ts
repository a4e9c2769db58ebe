import { usual, type Plane, type Reaction } from './reaction.js'

const spoken: readonly Plane[] = ['login', 'stream']

/** An attempt to link ends, and the next one has new credentials. Its words are in `linking/close-reasons.ts`. */
const attemptEnds = {
  ...usual,
  phases: ['linking'],
  planes: ['login', 'stream', 'http', 'local', 'storage'],
  again: { when: 'never' },
  credentials: 'discard',
  trying: null,
  rest: null,
} as const

/** The rows of connections that register a device, for `close-reactions.ts`. */
export const linkingReactions = [
  {
    ...attemptEnds,
    planes: ['stream', 'local'],
    kind: 'restart_required',
    codes: [515],
    meaning: 'the phone has accepted: the new device logs in, once its credentials are stored',
    again: { when: 'now' },
    credentials: 'keep',
  },
  {
    ...attemptEnds,
    kind: 'registration_refused',
    codes: [401, 402, 403, 406],
    meaning: 'a device that no account knows was turned away',
  },
  { ...attemptEnds, kind: 'logged_out', codes: [401], meaning: 'the account removed the device while it was linked' },
  {
    ...attemptEnds,
    kind: 'engine_outdated',
    codes: [405],
    meaning: 'this client’s version is refused',
    breaker: 'outdated',
    operator: 'at_once',
  },
  { ...attemptEnds, kind: 'engine_misconfigured', codes: [409], meaning: 'WhatsApp does not take this client' },
  { ...attemptEnds, kind: 'phone_outdated', codes: [411], meaning: 'the phone is too old for linked devices' },
  {
    ...attemptEnds,
    kind: 'login_refused',
    codes: [413, 414, 415, 418],
    meaning: 'refused for a reason that nobody has explained',
  },
  {
    ...attemptEnds,
    planes: ['http'],
    kind: 'rate_limited',
    codes: [429],
    meaning: 'too many connects from this address',
    breaker: 'upgrade_429',
  },
  { ...attemptEnds, planes: spoken, kind: 'rate_limited', codes: [429], meaning: 'too many attempts to link' },
  { ...attemptEnds, kind: 'server_error', codes: [500, 503], meaning: 'WhatsApp or what is before it has trouble' },
  { ...attemptEnds, kind: 'server_experimental', codes: [501], meaning: 'WhatsApp tries something out' },
  { ...attemptEnds, kind: 'replaced', codes: [440], meaning: 'something else has logged in with these credentials' },
  { ...attemptEnds, kind: 'connection_lost', codes: [408, 428], meaning: 'the line was lost' },
  { ...attemptEnds, kind: 'unreachable', codes: [408, 428], meaning: 'no connection came about' },
  { ...attemptEnds, kind: 'stanza_rejected', codes: [500], meaning: 'WhatsApp ended the stream over something sent' },
  { ...attemptEnds, kind: 'undecodable_frame', meaning: 'a frame could not be decrypted' },
  { ...attemptEnds, kind: 'unknown', codes: [500], meaning: 'nobody knows what it says' },
  { ...attemptEnds, kind: 'storage_error', meaning: 'the database failed' },
  { ...attemptEnds, kind: 'storage_damaged', meaning: 'a stored value does not open' },
  { ...attemptEnds, kind: 'fenced', meaning: 'another node has taken the attempt over' },
  { ...attemptEnds, kind: 'closed_by_us', meaning: 'ended on purpose' },
  { ...attemptEnds, kind: 'qr_expired', codes: [408], meaning: 'nobody scanned a QR' },
  { ...attemptEnds, kind: 'pairing_rejected', meaning: 'the phone’s answer could not be verified' },
  { ...attemptEnds, kind: 'code_refused', codes: [400], meaning: 'no pairing code for this number' },
  { ...attemptEnds, kind: 'code_rate_limited', codes: [429], meaning: 'too many pairing codes for this number' },
  { ...attemptEnds, kind: 'code_unanswered', meaning: 'WhatsApp did not answer when asked for a pairing code' },
  { ...attemptEnds, kind: 'code_expired', meaning: 'nobody typed the pairing code' },
  { ...attemptEnds, kind: 'passkey_required', meaning: 'WhatsApp wants a passkey confirmed on its own site' },
] as const satisfies readonly Reaction[]
