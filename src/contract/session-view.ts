import { z } from 'zod'
import { SessionId, UserId } from './ids.js'
import { LinkMode } from './linking.js'
import { MissionStatus, SessionHealth, SessionNotice, SessionState, StateReason } from './sessions.js'

/** Who sees a session beside its owner: nobody, or every member of the workspace. */
export const SessionVisibility = z.enum(['private', 'workspace'])
export type SessionVisibility = z.infer<typeof SessionVisibility>

/** A session as the one who runs it sees it (product contract S5). */
export const SessionView = z.strictObject({
  sessionId: SessionId,
  status: MissionStatus,
  state: SessionState,
  reason: StateReason.nullable(),
  /** When the state began. */
  since: z.iso.datetime(),
  /** When a restriction ends, where WhatsApp said so. */
  until: z.iso.datetime().optional(),
  /** Digits with the country code. */
  phoneNumber: z.string(),
  mode: LinkMode,
  /** The member whose it is. */
  ownerId: UserId,
  visibility: SessionVisibility,
  /** The last moment at which the session was known to be connected; while it is connected, up to a day old. */
  lastConnectedAt: z.iso.datetime().nullable(),
  /** The last evidence that the account's phone was online, up to an hour old. */
  phoneSeenAt: z.iso.datetime().nullable(),
  /** What the owner was told of what still goes on, oldest first. */
  notices: z.array(SessionNotice),
  health: SessionHealth,
})
export type SessionView = z.infer<typeof SessionView>

/** One change of a session's state or reason. */
export const SessionHistoryEntry = z.strictObject({
  /** Names this entry among all of the session; ask for older ones with the last one's. */
  position: z.string().regex(/^[0-9]{1,19}$/),
  state: SessionState,
  reason: StateReason.nullable(),
  at: z.iso.datetime(),
  /** The process that ran the session, and how often it had changed hands; null when nobody ran it. */
  nodeId: z.uuid().nullable(),
  epoch: z.number().int().nullable(),
})
export type SessionHistoryEntry = z.infer<typeof SessionHistoryEntry>

/** Newest first. */
export const SessionHistory = z.strictObject({
  entries: z.array(SessionHistoryEntry),
  /** Where the next page begins; null: there is none. */
  next: z.string().nullable(),
})
export type SessionHistory = z.infer<typeof SessionHistory>
