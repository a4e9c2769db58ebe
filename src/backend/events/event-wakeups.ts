import pg from 'pg'
import { errorCode, type Log } from '../log.js'
import { wakeChannel } from './event-log.js'

/** Tells subscribers of a session that its log may have grown: from any node, after the commit. Never carries an event. */
export interface EventWakeups extends AsyncDisposable {
  start(): Promise<void>
  /** @returns the function that ends the subscription */
  subscribe(sessionId: string, wake: () => void): () => void
}

export type EventWakeupsDeps = { url: () => string; log: Log }

const reconnectMs = { first: 250, longest: 5_000 }

/** One listening connection a node. After a lost connection everyone is woken: a notification may have been missed. */
export function createEventWakeups({ url, log }: EventWakeupsDeps): EventWakeups {
  const subscribers = new Map<string, Set<() => void>>()
  let client: pg.Client | undefined
  let retry: NodeJS.Timeout | undefined
  let stopped = false

  const wake = (sessionId: string) => {
    for (const subscriber of subscribers.get(sessionId) ?? []) subscriber()
  }

  const connect = async (): Promise<void> => {
    const listening = new pg.Client({ connectionString: url() })
    listening.on('notification', ({ payload }) => wake(payload ?? ''))
    listening.once('error', error => lost(listening, error))
    listening.once('end', () => lost(listening, undefined))
    await listening.connect()
    await listening.query(`listen ${wakeChannel}`)
    client = listening
    for (const sessionId of subscribers.keys()) wake(sessionId)
  }

  const lost = (which: pg.Client, error: unknown) => {
    if (stopped || client !== which) return
    client = undefined
    log.warn('event_wakeups_lost', { code: errorCode(error) })
    reconnect(reconnectMs.first)
  }

  const reconnect = (afterMs: number) => {
    if (stopped) return
    retry = setTimeout(() => {
      connect().catch(() => reconnect(Math.min(afterMs * 2, reconnectMs.longest)))
    }, afterMs)
    retry.unref()
  }

  return {
    start: connect,
    subscribe(sessionId, subscriber) {
      const set = subscribers.get(sessionId) ?? new Set()
      subscribers.set(sessionId, set.add(subscriber))
      return () => {
        set.delete(subscriber)
        if (set.size === 0 && subscribers.get(sessionId) === set) subscribers.delete(sessionId)
      }
    },
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(retry)
      const open = client
      client = undefined
      await open?.end().catch(() => {})
    },
  }
}
