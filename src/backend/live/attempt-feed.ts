import type { EventEnvelope } from '../../contract/events.js'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import { eventStream, type EventStreamDeps } from '../events/event-stream.js'
import { framesOf, type PresentEvent } from './frames-of.js'

export type AttemptFeedOptions = {
  workspaceId: WorkspaceId
  sessionId: SessionId
  after: bigint
  signal: AbortSignal
  present: PresentEvent
}

/** One visitor's view of the event log: the events of their own attempt, as WebSocket frames. */
export function attemptFeed(
  deps: EventStreamDeps,
  { workspaceId, sessionId, present, ...options }: AttemptFeedOptions,
): AsyncGenerator<EventEnvelope> {
  return framesOf(eventStream(deps, { scope: { workspaceId }, sessions: [sessionId], ...options }), present)
}
