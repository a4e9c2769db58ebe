import { z } from 'zod'
import { SessionId } from './ids.js'
import { MissionStatus, SessionState, StateReason } from './sessions.js'

/** What happens after delivery: the socket closes for a bot to take over, or this server stays connected. */
export const LinkMode = z.enum(['handed_off', 'managed'])
export type LinkMode = z.infer<typeof LinkMode>

/** How the phone is asked: by a QR that it scans, or by a code that its owner types. */
export const LinkMethod = z.enum(['qr', 'code'])
export type LinkMethod = z.infer<typeof LinkMethod>

/** Where an attempt stands; each phase belongs to one of the page's three steps. */
export const LinkPhase = z.enum([
  'queued', // every place is taken; no socket yet
  'starting', // socket opening, no QR or code yet
  'scanning', // a QR or a code is shown
  'scanned', // the phone accepted; WhatsApp restarts the connection
  'preparing', // logged in; session ID being encoded and sealed, or backup set up
  'delivering', // messages on their way to the phone
  'complete',
  'expired',
  'cancelled',
  'failed',
])
export type LinkPhase = z.infer<typeof LinkPhase>

/** As people read it from the page and type it into the phone. Alphabet: Baileys `bytesToCrockford`. */
export const PairingCode = z.string().regex(/^[1-9A-HJ-NP-TV-Z]{4}-[1-9A-HJ-NP-TV-Z]{4}$/)

/** With a number the phone is asked by code, without one by QR. The number is written with its country code, in any common form. */
export const StartLinkRequest = z.strictObject({ phoneNumber: z.string().max(40).optional() })
export type StartLinkRequest = z.infer<typeof StartLinkRequest>

/** What to show now: a QR, a code, or the place in the queue (1 is next). */
export const StartLinkAnswer = z.union([
  z.strictObject({ sessionId: SessionId, qrCode: z.string().startsWith('data:image/png;base64,') }),
  z.strictObject({ sessionId: SessionId, pairingCode: PairingCode }),
  z.strictObject({ sessionId: SessionId, queuePosition: z.number().int().positive() }),
])
export type StartLinkAnswer = z.infer<typeof StartLinkAnswer>

/** One attempt as its own visitor may see it: `GET /api/sessions/:sessionId`, and the base of every live update. */
export const LinkAttemptView = z.strictObject({
  sessionId: SessionId,
  status: MissionStatus,
  state: SessionState,
  mode: LinkMode,
  method: LinkMethod,
  phase: LinkPhase,
  /** 1 scan, 2 preparing (handed_off) or backup (managed), 3 all set. */
  step: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  /** 0–100, never falling while an attempt lives. */
  percent: z.number().int().min(0).max(100),
  reason: StateReason.nullable(),
  /** ISO 8601, when the state began. */
  since: z.iso.datetime(),
  /** A PNG data URL while `phase` is `scanning`, else absent. */
  qrCode: z.string().optional(),
  /** Milliseconds until this QR is replaced or runs out, counted at the time of the answer. */
  qrExpiresInMs: z.number().int().nonnegative().optional(),
  /** While `phase` is `scanning` and `method` is `code`, else absent. */
  pairingCode: PairingCode.optional(),
  /** Milliseconds until the code runs out, counted at the time of the answer. */
  codeExpiresInMs: z.number().int().nonnegative().optional(),
  /** Somebody typed a code on the phone. Whether it was the right one shows only when the phone has accepted. */
  codeEntered: z.boolean().optional(),
  /** Place in the queue while `phase` is `queued`; 1 is next. */
  queuePosition: z.number().int().positive().optional(),
  /** Milliseconds until the attempt itself expires; absent while queued and once scanned. */
  expiresInMs: z.number().int().nonnegative().optional(),
  /** Only for a session that this server runs, from its link or since it was taken back: what its visitor may ask for. */
  can: z.array(z.enum(['resend', 'revoke'])).optional(),
})
export type LinkAttemptView = z.infer<typeof LinkAttemptView>

/** The session ID is on its way to the owner's own phone: it waits for the session's connection, which sends it in order. */
export const ResendAnswer = z.strictObject({ queued: z.literal(true) })
export type ResendAnswer = z.infer<typeof ResendAnswer>

/** `logged_out`: the device is off the account. Any other state: that happens as soon as WhatsApp can be reached. */
export const RevokeAnswer = z.strictObject({ state: SessionState })
export type RevokeAnswer = z.infer<typeof RevokeAnswer>

/** What the linking page shows before anything is started. */
export const PageSettings = z.strictObject({
  mode: LinkMode,
  supportUrl: z.string().nullable(),
  /** Who runs this gateway. */
  ownerUrl: z.string().nullable(),
  logoUrl: z.string().nullable(),
})
export type PageSettings = z.infer<typeof PageSettings>
