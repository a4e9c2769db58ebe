import { z } from 'zod'

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

/** The coarse word that mission routes answer with beside the exact state. */
export const MissionStatus = z.enum(['connecting', 'connected', 'disconnected'])
export type MissionStatus = z.infer<typeof MissionStatus>

export function missionStatus(state: SessionState): MissionStatus {
  if (state === 'linking' || state === 'connecting' || state === 'reconnecting') return 'connecting'
  return state === 'connected' ? 'connected' : 'disconnected'
}
