import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventLog, StoredEvent } from './event-log.js'
import type { EventWakeups } from './event-wakeups.js'

const pageSize = 100

export type EventStreamDeps = {
  tenants: Tenants
  log: EventLog
  wakeups: EventWakeups
  /** How old an event was when its reader, who waited for it, had it. */
  onDelivered?: (ageSeconds: number) => void
}

export type EventStreamOptions = {
  workspaceId: WorkspaceId
  sessionId: SessionId
  /** The last number the reader has seen. */
  after: bigint
  signal: AbortSignal
}

/**
 * Events of one session, first those after the cursor, then live, in order and without a gap. The subscription stands before the first read,
 * so nothing falls between backfill and stream. Ends when `signal` aborts. A read that fails is thrown: the reader comes back with its cursor.
 */
export async function* eventStream(
  { tenants, log, wakeups, onDelivered }: EventStreamDeps,
  { workspaceId, sessionId, after, signal }: EventStreamOptions,
): AsyncGenerator<StoredEvent> {
  let wakeReader = () => {}
  let pending = true
  const wake = () => {
    pending = true
    wakeReader()
  }
  const unsubscribe = wakeups.subscribe(sessionId, wake)
  signal.addEventListener('abort', wake)
  try {
    let cursor = after
    let live = false
    while (!signal.aborted) {
      pending = false
      const page = await tenants.read({ workspaceId }, tx => log.read(tx, sessionId, cursor, pageSize))
      for (const event of page) {
        cursor = event.seq
        if (live) onDelivered?.(event.ageSeconds)
        yield event
      }
      if (page.length === pageSize) continue
      live = true
      if (!pending) await new Promise<void>(resolve => (wakeReader = resolve))
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', wake)
  }
}
