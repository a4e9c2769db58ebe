import { z } from 'zod'
import { SessionId, WorkspaceId } from './ids.js'

/** The origin of a page, as a browser writes it: `https://app.example.com`, without a path. */
const PageOrigin = z
  .string()
  .max(300)
  .refine(
    text => URL.canParse(text) && new URL(text).origin === text,
    'must be an origin such as https://app.example.com',
  )

/** Whose page is to open the socket, where it is not the one that asks: a program asks for the page that it serves. */
export const TicketRequest = z.strictObject({ origin: PageOrigin.optional() })
export type TicketRequest = z.infer<typeof TicketRequest>

/** Opens one WebSocket as whoever asked for it: `/ws?token=<ticket>`, once, from the same origin, within `expiresIn` seconds. */
export const Ticket = z.strictObject({ ticket: z.string(), expiresIn: z.number().int().positive() })
export type Ticket = z.infer<typeof Ticket>

/** `sessionId` absent: all sessions that one may see. However its letters are written, one id is one session. */
const which = {
  sessionId: z
    .uuid()
    .transform(id => id.toLowerCase())
    .pipe(SessionId)
    .optional(),
}

/** What may be said over an open socket; text frames of JSON, 4,096 bytes at most. */
export const LiveRequest = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('subscribe'),
    data: z.strictObject({
      ...which,
      /** The `seq` of the last event seen: what came after it is told first. Absent: only what happens from then on. */
      after: z.int().nonnegative().optional(),
    }),
  }),
  z.strictObject({ event: z.literal('unsubscribe'), data: z.strictObject(which) }),
  /** Answered with `pong`, for who cannot send the protocol's own pings, as no page can. */
  z.strictObject({ event: z.literal('ping'), data: z.strictObject({}).optional() }),
])
export type LiveRequest = z.infer<typeof LiveRequest>

/** Why a request over a socket was refused; the socket stays open. */
export const LiveRefusalCode = z.enum([
  'invalid_frame',
  'session_not_found',
  'too_many_subscriptions',
  /** A socket hears either of all sessions or of single ones, so that nothing is told twice. */
  'subscribed_otherwise',
])
export type LiveRefusalCode = z.infer<typeof LiveRefusalCode>

/** `null`: the subscription to all. */
const subscription = { sessionId: SessionId.nullable() }

/** What the door itself says. Each comes with `seq` 0, events of the log with their own. */
export const LiveNotice = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready'), data: z.object({ workspaceId: WorkspaceId, userId: z.uuid() }) }),
  /** What comes after the event `after` follows: resume with it until an event has come. */
  z.object({ event: z.literal('subscribed'), data: z.object({ ...subscription, after: z.number().int() }) }),
  z.object({ event: z.literal('unsubscribed'), data: z.object(subscription) }),
  /**
   * Events after the given `seq` may be missing: the log has forgotten them, or never had such a number (a database that was restored).
   * Whoever keeps a copy reads it anew by the API; what comes after `after` follows.
   */
  z.object({
    event: z.literal('resync'),
    data: z.object({ ...subscription, after: z.number().int(), reason: z.enum(['forgotten', 'unknown_position']) }),
  }),
  z.object({
    event: z.literal('refused'),
    data: z.object({ ...subscription, code: LiveRefusalCode, message: z.string(), action: z.string() }),
  }),
  z.object({ event: z.literal('pong'), data: z.object({}) }),
])
export type LiveNotice = z.infer<typeof LiveNotice>

/** With which code a socket is closed, beside the protocol's own (RFC 6455, 7.4.1). */
export const liveCloseCodes = {
  goingAway: 1001,
  /** The database is away; come back with the last `seq`. */
  tryLater: 1013,
  /** Signed out, the key revoked, the member suspended or removed: whoever comes back needs a new proof. */
  signedOut: 4401,
  /** Still known, but not allowed any more: to listen at all, or to see a session that was subscribed to. */
  forbidden: 4403,
  /** The cookie names no attempt. */
  noAttempt: 4404,
  /** What was sent was not read. */
  tooSlow: 4408,
  /** Too many frames in a second. */
  tooMany: 4429,
} as const
