import type { EventEnvelope } from '../../contract/events.js'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import { eventStream, type EventStreamDeps } from '../events/event-stream.js'
import type { StoredEvent } from '../events/event-log.js'

/** Completes an event for its reader at the moment of sending; `null` leaves it out (a QR that is not shown any more). */
export type PresentEvent = (event: StoredEvent) => Promise<Record<string, unknown> | null>

export type AttemptFeedOptions = {
  workspaceId: WorkspaceId
  sessionId: SessionId
  after: bigint
  signal: AbortSignal
  present: PresentEvent
}

/** One visitor's view of the event log: the events of their own attempt, as WebSocket frames. */
export async function* attemptFeed(deps: EventStreamDeps, options: AttemptFeedOptions): AsyncGenerator<EventEnvelope> {
  for await (const stored of eventStream(deps, options)) {
    const data = await options.present(stored)
    if (data !== null) yield { event: stored.event.event, data, seq: Number(stored.seq) }
  }
}
