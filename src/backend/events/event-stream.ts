import type { TenantReader, Tenants, TenantScope } from '../database/tenant-transaction.js'
import type { EventLog, EventsOf, StoredEvent } from './event-log.js'
import type { EventWakeups } from './event-wakeups.js'

const pageSize = 100

/** So many numbers are looked through at once for those that a member sees: each row costs the database a question. */
const windowSize = 2_000n

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
      const { page, end, isLast } = await tenants.read(scope, tx => readPage(tx, log, sessions, cursor))
      for (const event of page) {
        if (live) onDelivered?.(event.ageSeconds)
        yield event
      }
      cursor = end
      if (!isLast) continue
      if (page.length === 0 && live) await onNothing?.()
      live = true
      if (!pending) await new Promise<void>(resolve => (wakeReader = resolve))
    }
  } finally {
    for (const end of unsubscribe) end()
    signal.removeEventListener('abort', wake)
  }
}

type Page = { page: StoredEvent[]; end: bigint; isLast: boolean }

/**
 * What comes next, and how far that reaches. Of a whole workspace that is further than the last event found, where others are not for this
 * reader: they would be looked through again with every wake-up. The number of the newest is of the same snapshot, so none is passed over.
 */
async function readPage(tx: TenantReader, log: EventLog, sessions: EventsOf, after: bigint): Promise<Page> {
  if (sessions !== 'all' || tx.scope.userId === undefined) {
    const page = await log.read(tx, sessions, after, pageSize)
    return { page, end: page.at(-1)?.seq ?? after, isLast: page.length < pageSize }
  }
  const last = await log.lastSeq(tx)
  const upTo = after + windowSize < last ? after + windowSize : last
  const page = await log.read(tx, sessions, after, pageSize, upTo)
  const isFull = page.length === pageSize
  return { page, end: (isFull ? page.at(-1)?.seq : undefined) ?? upTo, isLast: !isFull && upTo === last }
}
