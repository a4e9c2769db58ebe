import { z } from 'zod'
import { SessionId } from './ids.js'
import { MissionStatus, SessionState, StateReason } from './sessions.js'

/** What happens after delivery: the socket closes for a bot to take over, or this server stays connected. */
export const LinkMode = z.enum(['handed_off', 'managed'])
export type LinkMode = z.infer<typeof LinkMode>

/** Where an attempt stands; each phase belongs to one of the page's three steps. */
export const LinkPhase = z.enum([
  'starting', // socket opening, no QR yet
  'scanning', // a QR is shown
  'scanned', // the phone accepted; WhatsApp restarts the connection
  'preparing', // logged in; session ID being encoded and sealed, or backup set up
  'delivering', // messages on their way to the phone
  'complete',
  'expired',
  'cancelled',
  'failed',
])
export type LinkPhase = z.infer<typeof LinkPhase>

export const StartLinkRequest = z.strictObject({})

export const StartLinkAnswer = z.strictObject({
  sessionId: SessionId,
  qrCode: z.string().startsWith('data:image/png;base64,'),
})
export type StartLinkAnswer = z.infer<typeof StartLinkAnswer>

/** One attempt as its own visitor may see it: `GET /api/sessions/:sessionId`, and the base of every live update. */
export const LinkAttemptView = z.strictObject({
  sessionId: SessionId,
  status: MissionStatus,
  state: SessionState,
  mode: LinkMode,
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
  /** Milliseconds until the attempt itself expires; absent once scanned. */
  expiresInMs: z.number().int().nonnegative().optional(),
})
export type LinkAttemptView = z.infer<typeof LinkAttemptView>

/** What the linking page shows before anything is started. */
export const PageSettings = z.strictObject({
  mode: LinkMode,
  supportUrl: z.string().nullable(),
  logoUrl: z.string().nullable(),
})
export type PageSettings = z.infer<typeof PageSettings>
