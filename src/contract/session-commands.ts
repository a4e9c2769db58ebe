import { z } from 'zod'
import { SessionId } from './ids.js'
import { LinkAttemptView, LinkMethod, LinkMode } from './linking.js'
import { SessionView, SessionVisibility } from './session-view.js'
import { MissionStatus, SessionState, StateReason } from './sessions.js'

/** However its letters are written, one id is one session. */
const ChosenSessionId = z
  .uuid()
  .transform(id => id.toLowerCase())
  .pipe(SessionId)

/** What its owner calls a session. */
export const SessionName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must not hold control characters')

/** What a link under way shows to the service that has begun it. */
export const LinkUnderWay = LinkAttemptView.pick({
  method: true,
  phase: true,
  step: true,
  percent: true,
  qrCode: true,
  qrExpiresInMs: true,
  pairingCode: true,
  codeExpiresInMs: true,
  codeEntered: true,
  queuePosition: true,
  expiresInMs: true,
})
export type LinkUnderWay = z.infer<typeof LinkUnderWay>

/** A session, or the link that is to become one, as the operator's programs see it. */
export const SessionDetails = z.strictObject({
  ...SessionView.shape,
  name: z.string().nullable(),
  /** Digits with the country code; null until a phone has linked. */
  phoneNumber: z.string().nullable(),
  /** While a link that a service has begun is under way, else absent. */
  link: LinkUnderWay.optional(),
})
export type SessionDetails = z.infer<typeof SessionDetails>

/** In an order that stays while states change. `next` is the cursor of the following page; null: there is none. */
export const SessionList = z.strictObject({ sessions: z.array(SessionDetails), next: z.string().nullable() })
export type SessionList = z.infer<typeof SessionList>

const Limit = z
  .string()
  .regex(/^([1-9]\d?|1\d\d|200)$/, 'must be a number from 1 to 200')
  .transform(Number)

const States = z
  .string()
  .max(200)
  .transform((text, context) => {
    const states = z.array(SessionState).safeParse(text.split(','))
    if (states.success) return states.data
    context.addIssue({ code: 'custom', message: `must be of ${SessionState.options.join(', ')}, separated by commas` })
    return z.NEVER
  })

export const ListSessionsQuery = z.strictObject({
  /** 50 without it. */
  limit: Limit.optional(),
  cursor: z.string().max(100).optional(),
  state: States.optional(),
})
export type ListSessionsQuery = z.infer<typeof ListSessionsQuery>

export const SessionHistoryQuery = z.strictObject({
  limit: Limit.optional(),
  /** `next` of the page before. */
  before: z
    .string()
    .regex(/^\d{1,18}$/, 'must be what the page before calls next')
    .optional(),
})
export type SessionHistoryQuery = z.infer<typeof SessionHistoryQuery>

/**
 * Starts a link. `phoneNumber` is the number that must be linked, also by QR; by code it is the one that is asked. A session ID is sent to the
 * account only where it is asked for, or where the session is handed off, which is of no use without it.
 */
export const LinkSessionRequest = z
  .strictObject({
    /** An id of the caller's choice, so that asking again joins the same link. */
    sessionId: ChosenSessionId.optional(),
    name: SessionName.optional(),
    phoneNumber: z.string().max(40).optional(),
    method: LinkMethod.default('qr'),
    mode: LinkMode.default('managed'),
    deliverSessionId: z.boolean().optional(),
  })
  .superRefine(({ method, phoneNumber, mode, deliverSessionId }, context) => {
    if (method === 'code' && phoneNumber === undefined)
      context.addIssue({ code: 'custom', path: ['phoneNumber'], message: 'is needed for a link by code' })
    if (mode === 'handed_off' && deliverSessionId === false)
      context.addIssue({
        code: 'custom',
        path: ['deliverSessionId'],
        message: 'must not be false for a session that is handed off: nobody could run it',
      })
  })
export type LinkSessionRequest = z.infer<typeof LinkSessionRequest>

export const HandOffRequest = z.strictObject({
  /** Send the session ID to the account first. */
  deliverSessionId: z.boolean().default(false),
})

export const ChangeSessionRequest = z
  .strictObject({
    /** `null` takes the name away. */
    name: SessionName.nullable().optional(),
    visibility: SessionVisibility.optional(),
  })
  .refine(({ name, visibility }) => name !== undefined || visibility !== undefined, {
    path: ['name'],
    message: 'is needed, or visibility',
  })
export type ChangeSessionRequest = z.infer<typeof ChangeSessionRequest>

/** `logged_out`: the device is off the account. Any other state: nobody sees the session any more, and its log-out is still to be done. */
export const DeletedSession = z.strictObject({ sessionId: SessionId, state: SessionState })
export type DeletedSession = z.infer<typeof DeletedSession>

/** `POST /connect` of the mission. */
export const ConnectRequest = z
  .strictObject({
    sessionId: ChosenSessionId.optional(),
    sessionName: SessionName.optional(),
    phoneNumber: z.string().max(40).optional(),
    method: LinkMethod.default('qr'),
    deliverSessionId: z.boolean().default(false),
  })
  .superRefine(({ method, phoneNumber }, context) => {
    if (method === 'code' && phoneNumber === undefined)
      context.addIssue({ code: 'custom', path: ['phoneNumber'], message: 'is needed for a link by code' })
  })
export type ConnectRequest = z.infer<typeof ConnectRequest>

/** `POST /api/whatsapp/setup-qr`: a link by QR. */
export const SetupQrRequest = z.strictObject({
  sessionId: ChosenSessionId.optional(),
  sessionName: SessionName.optional(),
  deliverSessionId: z.boolean().default(false),
})

export const SetupQrAnswer = z.strictObject({
  sessionId: SessionId,
  /** A PNG data URL; null while every place is taken. */
  qr: z.string().nullable(),
  message: z.string(),
  step: z.literal(1),
  instructions: z.string(),
  /** Place in the queue, while every place is taken; 1 is next. */
  queuePosition: z.number().int().positive().optional(),
})
export type SetupQrAnswer = z.infer<typeof SetupQrAnswer>

export const SessionIdRequest = z.strictObject({ sessionId: ChosenSessionId })

/** A session as the mission's routes tell of it. */
export const MissionSession = z.strictObject({
  sessionId: SessionId,
  status: MissionStatus,
  state: SessionState,
  reason: StateReason.nullable(),
  /** When the state began. */
  since: z.iso.datetime(),
  /** A PNG data URL, while there is one to scan. */
  qrCode: z.string().optional(),
  /** While there is one to type on the phone. */
  pairingCode: z.string().optional(),
  /** Place in the queue, while every place is taken; 1 is next. */
  queuePosition: z.number().int().positive().optional(),
})
export type MissionSession = z.infer<typeof MissionSession>
