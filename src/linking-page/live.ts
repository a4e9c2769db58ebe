import { backoffMs } from './backoff.js'
import type { Health } from './state.js'

/** What the feed uses of a WebSocket. */
export interface FeedSocket {
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  close(): void
}

export interface LiveFeedDeps {
  openSocket: () => FeedSocket
  /** Reads the view once. Never rejects; on failure says how long the server asked to wait. */
  read: () => Promise<{ ok: boolean; waitMs: number }>
  onFrame: (data: unknown) => void
  onHealth: (health: Health) => void
  /** Milliseconds between readings where news is wanted sooner than usual, else null. */
  checkMs?: () => number | null
  random: () => number
  timing?: Partial<FeedTiming>
}

/** All in milliseconds. */
export interface FeedTiming {
  /** Between readings while there is no socket. */
  pollMs: number
  /** Between readings while the socket is up: a socket can die without a sign. */
  checkMs: number
  /** A socket that has not opened by then is given up. */
  openMs: number
  capMs: number
}

export interface LiveFeed {
  /** Read now, and try a socket now if there is none: the visitor or the network just came back. */
  nudge(): void
  close(): void
}

const TIMING: FeedTiming = { pollMs: 3000, checkMs: 15_000, openMs: 8000, capMs: 20_000 }

/**
 * Keeps an attempt's news coming: a WebSocket that reconnects with backoff, and reading the view in between.
 * Every (re)connection is followed by a reading, so nothing said while the socket was down is missed.
 */
export function createLiveFeed(deps: LiveFeedDeps): LiveFeed {
  const timing = { ...TIMING, ...deps.timing }
  let socket: FeedSocket | null = null
  let socketUp = false
  let socketTries = 0
  let failedReads = 0
  let closed = false
  let reading = false
  let readAgain = false
  let health: Health = 'connecting'
  let readTimer: ReturnType<typeof setTimeout> | undefined
  let connectTimer: ReturnType<typeof setTimeout> | undefined

  function currentHealth(): Health {
    if (failedReads > 1) return 'lost'
    if (socketUp) return 'live'
    if (socketTries > 1) return 'polling'
    // One failure is no news: most sockets are back at the next try.
    return health === 'lost' ? 'connecting' : health
  }

  function report(): void {
    const next = currentHealth()
    if (next === health || closed) return
    health = next
    deps.onHealth(next)
  }

  async function readNow(): Promise<void> {
    clearTimeout(readTimer)
    if (reading) {
      readAgain = true
      return
    }
    reading = true
    const { ok, waitMs } = await deps.read()
    reading = false
    if (closed) return
    failedReads = ok ? 0 : failedReads + 1
    report()
    if (readAgain && ok) {
      readAgain = false
      await readNow()
      return
    }
    readAgain = false
    const usual = socketUp ? (deps.checkMs?.() ?? timing.checkMs) : timing.pollMs
    const wait = ok ? usual : Math.max(waitMs, backoffMs(failedReads, timing.capMs, deps.random))
    readTimer = setTimeout(() => void readNow(), wait)
  }

  function connect(): void {
    clearTimeout(connectTimer)
    if (closed || socket) return
    socketTries += 1
    let opened: FeedSocket
    try {
      opened = deps.openSocket()
    } catch {
      retry()
      return
    }
    socket = opened
    connectTimer = setTimeout(() => lose(opened), timing.openMs)
    opened.addEventListener('open', () => {
      if (socket !== opened) return
      clearTimeout(connectTimer)
      socketUp = true
      socketTries = 0
      report()
      void readNow()
    })
    opened.addEventListener('message', event => {
      if (socket === opened) deps.onFrame(event.data)
    })
    opened.addEventListener('close', () => lose(opened))
    opened.addEventListener('error', () => lose(opened))
  }

  function lose(lost: FeedSocket): void {
    if (socket !== lost) return
    socket = null
    lost.close()
    if (closed) return
    const wasUp = socketUp
    socketUp = false
    retry()
    if (wasUp) void readNow()
  }

  function retry(): void {
    report()
    clearTimeout(connectTimer)
    connectTimer = setTimeout(connect, backoffMs(socketTries, timing.capMs, deps.random))
  }

  connect()
  void readNow()
  return {
    nudge() {
      if (closed) return
      connect()
      void readNow()
    },
    close() {
      closed = true
      clearTimeout(readTimer)
      clearTimeout(connectTimer)
      const last = socket
      socket = null
      last?.close()
    },
  }
}
