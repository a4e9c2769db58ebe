import type { EventEnvelope } from '../../contract/events.js'
import type { ClientOptions } from '../options.js'
import { socketUrl, webSocketClass } from './socket.js'

export type LineDeps = Pick<ClientOptions, 'url' | 'liveUrl' | 'WebSocket'> & {
  ticket: string
  hear: (frame: EventEnvelope) => void
}

/** One socket, from its opening to its end. */
export type Line = {
  send(text: string): void
  /** Resolves when it is over, however that came about. */
  over: Promise<void>
  close(): void
}

const openMs = 15_000
const pingEveryMs = 25_000
/** The gateway answers each ping. */
const silentAtMostMs = pingEveryMs + 10_000

/** A line whose network is gone never closes by itself: one that is silent for too long is given up. */
export async function openLine({ url, liveUrl, ticket, hear, ...options }: LineDeps): Promise<Line> {
  const Socket = await webSocketClass(options.WebSocket)
  const socket = new Socket(socketUrl(url, liveUrl, ticket))
  let isOver = false
  let isOpen = false
  let heardAt = Date.now()
  let finish = () => {}
  const over = new Promise<void>(resolve => (finish = resolve))

  const end = (): void => {
    if (isOver) return
    isOver = true
    clearTimeout(opening)
    clearInterval(pings)
    socket.close()
    finish()
  }
  const opening = setTimeout(end, openMs)
  const pings = setInterval(() => {
    if (!isOpen) return
    if (Date.now() - heardAt > silentAtMostMs) return end()
    socket.send(JSON.stringify({ event: 'ping' }))
  }, pingEveryMs)

  socket.addEventListener('open', () => {
    isOpen = true
    clearTimeout(opening)
  })
  socket.addEventListener('message', ({ data }) => {
    heardAt = Date.now()
    if (isOver || typeof data !== 'string') return
    const frame = readFrame(data)
    // whatever speaks there is no gateway, or something on the way has cut the frame: a new line tells it again
    if (frame === null) return end()
    hear(frame)
  })
  socket.addEventListener('close', end)
  socket.addEventListener('error', end)
  return {
    send: text => {
      if (isOpen && !isOver) socket.send(text)
    },
    over,
    close: end,
  }
}

function readFrame(text: string): EventEnvelope | null {
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && read !== null && 'event' in read ? (read as EventEnvelope) : null
  } catch {
    return null
  }
}
