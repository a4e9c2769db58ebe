import type { Tenants, TenantScope } from '../database/tenant-transaction.js'
import type { EventLog, EventsOf, StoredEvent } from './event-log.js'
import type { EventWakeups } from './event-wakeups.js'

const pageSize = 100

export type EventStreamDeps = {
  tenants: Pick<Tenants, 'read'>
  log: EventLog
  wakeups: EventWakeups
  /** How old an event was when its reader, who waited for it, had it. */
  onDelivered?: (ageSeconds: number) => void
}

export type EventStreamOptions = {
  /** With a user only events of sessions that this member sees are found. */
  scope: TenantScope
  sessions: EventsOf
  /** The last number the reader has seen. */
  after: bigint
  signal: AbortSignal
  /** Called when the reader was woken and there was nothing for it. */
  onNothing?: () => Promise<void>
}

/**
 * Events of some sessions, first those after the cursor, then live, in order and without a gap. The subscription stands before the first read,
 * so nothing falls between backfill and stream. Ends when `signal` aborts. A read that fails is thrown: the reader comes back with its cursor.
 */
export async function* eventStream(
  { tenants, log, wakeups, onDelivered }: EventStreamDeps,
  { scope, sessions, after, signal, onNothing }: EventStreamOptions,
): AsyncGenerator<StoredEvent> {
  let wakeReader = () => {}
  let pending = true
  const wake = () => {
    pending = true
    wakeReader()
  }
  const names = sessions === 'all' ? [scope.workspaceId] : sessions
  const unsubscribe = names.map(name => wakeups.subscribe(name, wake))
  signal.addEventListener('abort', wake)
  try {
    let cursor = after
    let live = false
    while (!signal.aborted) {
      pending = false
      const page = await tenants.read(scope, tx => log.read(tx, sessions, cursor, pageSize))
      for (const event of page) {
        cursor = event.seq
        if (live) onDelivered?.(event.ageSeconds)
        yield event
      }
      if (page.length === pageSize) continue
      if (page.length === 0 && live) await onNothing?.()
      live = true
      if (!pending) await new Promise<void>(resolve => (wakeReader = resolve))
    }
  } finally {
    for (const end of unsubscribe) end()
    signal.removeEventListener('abort', wake)
  }
}
