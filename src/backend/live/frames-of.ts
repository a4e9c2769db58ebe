import type { EventEnvelope } from '../../contract/events.js'
import type { StoredEvent } from '../events/event-log.js'

/** Completes an event for its reader at the moment of sending; `null` leaves it out (a QR that is not shown any more). */
export type PresentEvent = (event: StoredEvent) => Promise<Record<string, unknown> | null>

/** Stored events as WebSocket frames. */
export async function* framesOf(
  events: AsyncIterable<StoredEvent>,
  present: PresentEvent,
): AsyncGenerator<EventEnvelope> {
  for await (const stored of events) {
    const data = await present(stored)
    if (data !== null) yield { event: stored.event.event, data, seq: Number(stored.seq) }
  }
}
