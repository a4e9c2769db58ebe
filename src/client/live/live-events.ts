import type { EventEnvelope, GatewayEvent } from '../../contract/events.js'
import type { LiveNotice, LiveRequest, Ticket } from '../../contract/live.js'
import { ProblemError } from '../errors.js'
import type { ClientOptions } from '../options.js'
import { pause } from '../pause.js'
import { Listeners } from './listeners.js'
import { openLine, type Line } from './line.js'
import { Positions, type LiveRefusal } from './positions.js'

type Numbered<Event> = Event & { seq: number }
type DataOf<Name extends LiveNotice['event']> = Extract<LiveNotice, { event: Name }>['data']

/** What can be listened to: every event by its name, and what becomes of the connection. */
export type LiveTopics = { [Name in GatewayEvent['event']]: Numbered<Extract<GatewayEvent, { event: Name }>> } & {
  /** Every event, also of a kind that this client does not know. */
  event: EventEnvelope
  /** Events may have been missed: read by the API whatever a copy is kept of. Later ones follow. */
  resync: DataOf<'resync'>
  /** A subscription that stood before is not given any more. */
  refused: LiveRefusal
  state: LiveState
  /** It is over, and will not come back: signed out, or not allowed. */
  ended: Error
}

export type LiveState = 'connecting' | 'open' | 'closed'

export type SubscribeOptions = {
  /** Absent: all sessions that one may see. */
  sessionId?: string
  /** Go on after this `seq`, such as `position()` of an earlier time; absent: from this moment on. */
  after?: number
}

/** Events as they happen. A lost connection is made again with a new ticket and goes on where it was: nothing is lost, nothing told twice. */
export interface LiveEvents {
  readonly state: LiveState
  /** @returns the function that ends it */
  on<Topic extends keyof LiveTopics>(topic: Topic, listener: (told: LiveTopics[Topic]) => void): () => void
  /** Resolves when it stands. @throws LiveRefusedError, or what has ended the connection */
  subscribe(options?: SubscribeOptions): Promise<void>
  unsubscribe(options?: { sessionId?: string }): void
  /** The `seq` of the last event, to be kept for `after`; null before the subscription stands. */
  position(options?: { sessionId?: string }): number | null
  close(): void
}

export type LiveEventsDeps = Pick<ClientOptions, 'url' | 'liveUrl' | 'WebSocket'> & { ticket: () => Promise<Ticket> }

const firstWaitMs = 250
const longestWaitMs = 15_000
/** A connection that ends sooner was none: the next one is waited for longer. */
const steadyMs = 2_000

export function createLiveEvents(deps: LiveEventsDeps): LiveEvents {
  const listeners = new Listeners<LiveTopics>()
  const positions = new Positions()
  const closed = new AbortController()
  let state: LiveState = 'connecting'
  let line: Line | null = null
  let tries = 0
  let openedAt: number | null = null

  const become = (next: LiveState): void => {
    if (state === next || state === 'closed') return
    state = next
    listeners.tell('state', next)
  }

  const end = (error: Error): void => {
    if (closed.signal.aborted) return
    closed.abort()
    line?.close()
    become('closed')
    positions.endAll(error)
  }

  const request = (asked: LiveRequest): void => {
    if (state === 'open') line?.send(JSON.stringify(asked))
  }

  const hear = (frame: EventEnvelope): void => {
    if (frame.seq > 0) {
      if (!positions.advance(frame)) return
      listeners.tell('event', frame)
      const { event } = frame as GatewayEvent
      return listeners.tell(event, frame as LiveTopics[typeof event])
    }
    const notice = frame as unknown as LiveNotice
    if (notice.event === 'ready') {
      openedAt = Date.now()
      become('open')
      for (const subscription of positions.toResume()) request({ event: 'subscribe', data: subscription })
    } else if (notice.event === 'subscribed') positions.begin(notice.data)
    else if (notice.event === 'resync') listeners.tell('resync', notice.data)
    else if (notice.event === 'refused' && !positions.refuse(notice.data)) listeners.tell('refused', notice.data)
  }

  const connect = async (): Promise<void> => {
    const { ticket } = await deps.ticket()
    if (closed.signal.aborted) return
    line = await openLine({ ...deps, ticket, hear })
    if (closed.signal.aborted) line.close()
    await line.over
  }

  const stayConnected = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      let waitMs = 0
      try {
        await connect()
      } catch (error) {
        if (isFinal(error)) {
          end(error)
          return listeners.tell('ended', error)
        }
        if (error instanceof ProblemError) waitMs = (error.retryAfterSeconds ?? 0) * 1_000
      }
      if (openedAt !== null && Date.now() - openedAt > steadyMs) tries = 0
      openedAt = null
      become('connecting')
      const backoffMs = Math.min(longestWaitMs, firstWaitMs * 2 ** tries++) * (0.5 + Math.random() / 2)
      await pause(Math.max(waitMs, backoffMs), closed.signal).catch(() => {})
    }
  }

  void stayConnected()
  return {
    get state() {
      return state
    },
    on: (topic, listener) => listeners.add(topic, listener),
    async subscribe({ sessionId, after } = {}) {
      if (closed.signal.aborted) throw new Error('The live events are closed.')
      const answered = positions.want(idOf(sessionId), after ?? null)
      request({ event: 'subscribe', data: dataOf(sessionId, after) })
      await answered
    },
    unsubscribe({ sessionId } = {}) {
      positions.forget(idOf(sessionId))
      request({ event: 'unsubscribe', data: dataOf(sessionId, undefined) })
    },
    position: ({ sessionId } = {}) => positions.of(idOf(sessionId)),
    close: () => end(new Error('The live events were closed.')),
  }
}

/** As the gateway writes them. */
const idOf = (sessionId: string | undefined): string | null => sessionId?.toLowerCase() ?? null

type RequestData = Extract<LiveRequest, { event: 'subscribe' }>['data']

const dataOf = (sessionId: string | undefined, after: number | undefined): RequestData => ({
  ...(sessionId !== undefined && { sessionId: sessionId as NonNullable<RequestData['sessionId']> }),
  ...(after !== undefined && { after }),
})

/** Asking again would be answered the same. */
function isFinal(error: unknown): error is ProblemError {
  return error instanceof ProblemError && error.status >= 400 && error.status < 500 && error.status !== 429
}
