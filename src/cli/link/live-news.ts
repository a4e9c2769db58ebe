import type { RawData, WebSocket } from 'ws'
import { EventEnvelope } from '../../contract/events.js'

export type LiveNewsDeps = {
  open: (after: number) => WebSocket
  /** Something was told, or the line came up or went down. */
  onNews: () => void
}

export interface LiveNews extends Disposable {
  /** Whether news come by themselves at this moment. */
  readonly live: boolean
}

const firstRetryMs = 500
const longestRetryMs = 10_000

/**
 * A WebSocket to the attempt's events that comes back by itself. It only tells that there is news: what is shown is read from the
 * attempt itself, so that nothing depends on having heard every event.
 */
export function listenForNews({ open, onNews }: LiveNewsDeps): LiveNews {
  let socket: WebSocket | null = null
  let live = false
  let closed = false
  let last = 0
  let failures = 0
  let timer: NodeJS.Timeout | undefined

  const connect = (): void => {
    const opened = open(last)
    socket = opened
    opened.on('open', () => {
      live = true
      failures = 0
      onNews()
    })
    opened.on('message', data => {
      const frame = EventEnvelope.safeParse(parse(data))
      if (!frame.success) return
      last = Math.max(last, frame.data.seq)
      onNews()
    })
    // 'close' follows
    opened.on('error', () => undefined)
    opened.on('close', () => {
      live = false
      if (closed) return
      onNews()
      timer = setTimeout(connect, Math.min(firstRetryMs * 2 ** failures, longestRetryMs))
      failures += 1
    })
  }
  connect()
  return {
    get live() {
      return live
    },
    [Symbol.dispose]() {
      closed = true
      clearTimeout(timer)
      socket?.terminate()
    },
  }
}

function parse(data: RawData): unknown {
  try {
    return JSON.parse((data as Buffer).toString('utf8'))
  } catch {
    return null
  }
}
