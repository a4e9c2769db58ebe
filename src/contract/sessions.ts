import { z } from 'zod'
import { SessionId } from './ids.js'

/** Every state a session can show (product contract S5). */
export const SessionState = z.enum([
  'linking',
  'connecting',
  'connected',
  'reconnecting',
  'disconnected',
  'handed_off',
  'logged_out',
  'banned',
  'expired',
  'superseded',
])
export type SessionState = z.infer<typeof SessionState>

/** Why a session is in its state: a stable code, a sentence for people, and the one thing to do next. */
export const StateReason = z.strictObject({
  code: z.string(),
  message: z.string(),
  action: z.string(),
})
export type StateReason = z.infer<typeof StateReason>

/** A session that a bot ran comes to this server. `botStopped` is the caller's word that the bot does not run any more. */
export const ImportSessionRequest = z.strictObject({
  sessionIdString: z.string().min(1),
  botStopped: z.boolean().default(false),
})
export type ImportSessionRequest = z.infer<typeof ImportSessionRequest>

/** Without a string from the bot the session goes on from what this server has stored. */
export const TakeBackRequest = z.strictObject({
  sessionIdString: z.string().min(1).optional(),
  botStopped: z.boolean().default(false),
})
export type TakeBackRequest = z.infer<typeof TakeBackRequest>

export const TakenSession = z.strictObject({ sessionId: SessionId, state: SessionState })
export type TakenSession = z.infer<typeof TakenSession>

/** The coarse word that mission routes answer with beside the exact state. */
export const MissionStatus = z.enum(['connecting', 'connected', 'disconnected'])
export type MissionStatus = z.infer<typeof MissionStatus>

export function missionStatus(state: SessionState): MissionStatus {
  if (state === 'linking' || state === 'connecting' || state === 'reconnecting') return 'connecting'
  return state === 'connected' ? 'connected' : 'disconnected'
}

/** What an owner is told of a session once per occasion. */
export const SessionNoticeCode = z.enum([
  'phone_offline',
  'phone_offline_soon_logged_out',
  'expires_soon',
  'long_reconnecting',
  'operator_needed',
])
export type SessionNoticeCode = z.infer<typeof SessionNoticeCode>

export const SessionNotice = z.strictObject({
  notice: SessionNoticeCode,
  message: z.string(),
  action: z.string(),
  at: z.iso.datetime(),
})
export type SessionNotice = z.infer<typeof SessionNotice>

/** Parts that can be ill while a session is connected. `unknown`: nothing was heard of them yet. None of them holds up messages. */
export const SessionHealth = z.strictObject({
  /** Names, archived and muted chats. */
  appState: z.enum(['unknown', 'ok', 'failing']),
  /** The import of older chats after a link. */
  history: z.enum(['unknown', 'running', 'ok', 'failed']),
  /** One-time keys with which new contacts begin a chat; `low`: WhatsApp has fewer than 10. */
  preKeys: z.enum(['unknown', 'ok', 'low', 'upload_failing']),
  /** `deaf`: connected, but nothing came in, and a new connection did not help. */
  inbound: z.enum(['unknown', 'ok', 'deaf']),
})
export type SessionHealth = z.infer<typeof SessionHealth>
