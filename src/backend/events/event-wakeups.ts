import { errorCode, type Log } from '../log.js'
import { wakeChannel } from './wake.js'
import { ListeningLine, type Heartbeat } from './listening-line.js'

/** Tells subscribers of a session that its log may have grown: from any node, after the commit. Never carries an event. */
export interface EventWakeups extends AsyncDisposable {
  start(): Promise<void>
  /** @returns the function that ends the subscription */
  subscribe(sessionId: string, wake: () => void): () => void
  /** Wakes this node's subscribers, for whoever has found out otherwise that there is something to see. */
  wake(sessionId: string): void
}

export type EventWakeupsDeps = { url: () => string; log: Log; heartbeat?: Heartbeat }

const reconnectMs = { first: 250, longest: 5_000 }
const defaultHeartbeat = { everyMs: 15_000, limitMs: 5_000 }

/** One listening connection a node. After a lost connection everyone is woken: a notification may have been missed. */
export function createEventWakeups({ url, log, heartbeat = defaultHeartbeat }: EventWakeupsDeps): EventWakeups {
  const subscribers = new Map<string, Set<() => void>>()
  let line: ListeningLine | undefined
  let retry: NodeJS.Timeout | undefined
  let stopped = false

  const wake = (sessionId: string) => {
    for (const subscriber of subscribers.get(sessionId) ?? []) subscriber()
  }

  const connect = async (): Promise<void> => {
    line = new ListeningLine({ url: url(), channel: wakeChannel, onNotification: wake, onLost: lost, heartbeat })
    await line.open()
    for (const sessionId of subscribers.keys()) wake(sessionId)
  }

  const lost = (error: unknown) => {
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
    wake,
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(retry)
      await line?.[Symbol.asyncDispose]()
    },
  }
}
