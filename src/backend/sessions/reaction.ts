import type { SessionState } from '../../contract/sessions.js'
import type { CloseKind, ClosePhase, CloseReason } from '../engine/engine.js'
import type { SessionReason } from './session-reasons.js'

export type Plane = CloseReason['plane']

/** When to connect again. Each of them takes its turn at the pacer as well. */
export type Again =
  | { when: 'now' }
  /** After up to two seconds, then by backoff: the line was there a moment ago. */
  | { when: 'soon' }
  /** After a random part of a time that doubles from one second to five minutes. */
  | { when: 'backoff' }
  /** Not before `ms`, or what was asked for if that is longer, and a random part of as much again. */
  | { when: 'after'; ms: number }
  /** When WhatsApp's own time is over, and a random part of a minute; never when it named none. */
  | { when: 'until' }
  | { when: 'never' }

export type Shown = { state: Extract<SessionState, 'reconnecting' | RestingState>; reason: SessionReason }
export type RestingState = Extract<SessionState, 'disconnected' | 'logged_out' | 'banned'>

/** What holds everybody back: see `connect-breakers.ts`. */
export type Breaker = 'outdated' | 'upgrade_429'

export type Reaction = {
  planes: readonly Plane[]
  kind: CloseKind
  /** The numbers that WhatsApp or Baileys give it, where there are any. */
  codes: readonly number[]
  phases: readonly ClosePhase[]
  /** What it is, for people who read the table. */
  meaning: string
  again: Again
  /** How often in a row. What is counted is forgotten after so long without another; null: no end. */
  tries: { most: number; withinMs: number } | null
  /** `discard`: credentials that never became a session's. */
  credentials: 'keep' | 'quarantine' | 'discard'
  /** While it tries again; null: nothing is written. */
  trying: Shown | null
  /** Once it does not; null: nothing is written. */
  rest: { state: RestingState; reason: SessionReason } | null
  breaker: Breaker | null
  /** Whether the operator is told: at once, or only when the session comes to rest over it. */
  operator: 'at_once' | 'at_rest' | null
}

/** What most rows say. */
export const usual = {
  codes: [],
  phases: ['syncing', 'open'],
  tries: null,
  credentials: 'keep',
  breaker: null,
  operator: null,
} as const
