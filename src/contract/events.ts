import { z } from 'zod'
import { SessionId } from './ids.js'
import { LinkMethod } from './linking.js'
import { MissionStatus, SessionNotice, SessionState, StateReason } from './sessions.js'

const sessionId = { sessionId: SessionId }

/**
 * Raised whenever another node, or a command, takes the session over. Who hears of a session from several sides drops what is older than the
 * highest it has heard. Absent while nobody is to run the session.
 */
const epoch = { epoch: z.number().int().positive().optional() }

/** Progress words of the public contract. */
export const ProgressStatus = z.enum(['scanning', 'connected', 'backup_setup', 'backup_ready', 'complete'])

/**
 * Every event the gateway emits, one union for WebSocket and webhooks.
 * `qr_code` and `pairing_code` are live only: the event log keeps their place (`seq`), never the picture or the code.
 */
export const GatewayEvent = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('qr_code'),
    data: z.object({
      ...sessionId,
      qrCode: z.string(),
      status: z.literal('connecting'),
      expiresInMs: z.number().int(),
    }),
  }),
  z.object({
    event: z.literal('pairing_code'),
    data: z.object({
      ...sessionId,
      pairingCode: z.string(),
      status: z.literal('connecting'),
      expiresInMs: z.number().int(),
    }),
  }),
  /** Somebody typed a code on the phone; whether it was the right one is not known yet. */
  z.object({ event: z.literal('pairing_code_entered'), data: z.object(sessionId) }),
  z.object({ event: z.literal('qr_scanned'), data: z.object(sessionId) }),
  z.object({
    event: z.literal('progress'),
    data: z.object({
      ...sessionId,
      status: ProgressStatus,
      method: LinkMethod,
      step: z.number().int().min(1).max(3),
      percent: z.number().int().min(0).max(100),
    }),
  }),
  z.object({ event: z.literal('complete'), data: z.object({ ...sessionId, message: z.literal('Setup complete!') }) }),
  z.object({
    event: z.literal('connection_success'),
    data: z.object({ ...sessionId, ...epoch, status: z.literal('connected') }),
  }),
  z.object({
    event: z.literal('connection_lost'),
    data: z.object({ ...sessionId, ...epoch, status: z.literal('disconnected'), reason: z.string() }),
  }),
  /** Every change of a session's state or of its reason. `connection_success` and `connection_lost` come beside it. */
  z.object({
    event: z.literal('session_state'),
    data: z.object({
      ...sessionId,
      ...epoch,
      status: MissionStatus,
      state: SessionState,
      reason: StateReason.nullable(),
      since: z.iso.datetime(),
      until: z.iso.datetime().optional(),
    }),
  }),
  /** What the owner should know, once per occasion. */
  z.object({ event: z.literal('session_notice'), data: z.object({ ...sessionId, ...SessionNotice.shape }) }),
  /** The attempt ended without a link; the reason's code. `GET` tells the sentence and the next step. */
  z.object({
    event: z.literal('link_ended'),
    data: z.object({ ...sessionId, phase: z.enum(['expired', 'cancelled', 'failed']), reason: z.string() }),
  }),
])
export type GatewayEvent = z.infer<typeof GatewayEvent>

/** One WebSocket frame. `seq` orders the events of a workspace and resumes a feed; 0 on frames outside the log. */
export const EventEnvelope = z.object({ event: z.string(), data: z.unknown(), seq: z.number().int().nonnegative() })
export type EventEnvelope = z.infer<typeof EventEnvelope>
