import { liveCloseCodes, type LiveRefusalCode } from '../../contract/live.js'
import type { SessionId } from '../../contract/ids.js'
import type { TenantReader, TenantScope } from '../database/tenant-transaction.js'
import type { StoredEvent } from '../events/event-log.js'
import { eventStream, type EventStreamDeps } from '../events/event-stream.js'
import { scopeOf, type Member } from '../http/actor.js'
import { errorCode, type Log } from '../log.js'
import { framesOf } from './frames-of.js'
import type { LiveLine } from './live-line.js'
import { startOf } from './start-of-subscription.js'

/** What this room cannot know by itself: sessions and links lie above it. */
export interface MemberView {
  /** Whether the scope of the transaction sees this session, or the link that is to become one. */
  sees(tx: TenantReader, sessionId: SessionId): Promise<boolean>
  /** Completes an event at the moment of sending; `null` leaves it out. */
  present(scope: TenantScope, event: StoredEvent): Promise<Record<string, unknown> | null>
}

export type SubscriptionsDeps = { stream: EventStreamDeps; view: MemberView; log: Log }

/** Single sessions that one line may listen to; whoever wants more listens to all. */
const mostSubscriptions = 100

const refusals: Record<Exclude<LiveRefusalCode, 'invalid_frame'>, { message: string; action: string }> = {
  session_not_found: {
    message: 'There is no session with this id.',
    action: 'Check the id; GET /api/v1/sessions lists all there are.',
  },
  too_many_subscriptions: {
    message: 'This socket listens to as many sessions as it may.',
    action: 'Subscribe to all sessions, or open another socket.',
  },
  subscribed_otherwise: {
    message: 'A socket listens either to all sessions or to single ones.',
    action: 'Unsubscribe first, or open another socket.',
  },
}

type Key = SessionId | 'all'

/** What one line listens to: a stream of the event log for each subscription, each with a cursor of its own. */
export class Subscriptions {
  readonly #scope: TenantScope
  readonly #streams = new Map<Key, AbortController>()

  constructor(
    private readonly deps: SubscriptionsDeps,
    private readonly line: LiveLine,
    private readonly member: Member,
  ) {
    this.#scope = scopeOf(member)
    line.ended.addEventListener('abort', () => this.#endAll())
  }

  /** Begins one, or begins it anew from another place. @param sessionId null: all @param after null: from this moment on */
  async begin(sessionId: SessionId | null, after: number | null): Promise<void> {
    const key = sessionId ?? 'all'
    const refusal = await this.#refusal(key)
    if (refusal !== null) {
      return this.line.say({ event: 'refused', data: { sessionId, code: refusal, ...refusals[refusal] } })
    }
    this.#streams.get(key)?.abort()
    const { workspaceId } = this.#scope
    const start = await startOf(this.deps.stream, workspaceId, after)
    if (this.line.ended.aborted) return
    const ended = new AbortController()
    this.#streams.set(key, ended)
    await this.line.say({ event: 'subscribed', data: { sessionId, after: Number(start.after) } })
    if (start.missed !== null) {
      await this.line.say({ event: 'resync', data: { sessionId, after: Number(start.after), reason: start.missed } })
    }
    void this.#run(key, start.after, ended.signal)
  }

  async end(sessionId: SessionId | null): Promise<void> {
    const key = sessionId ?? 'all'
    this.#streams.get(key)?.abort()
    this.#streams.delete(key)
    await this.line.say({ event: 'unsubscribed', data: { sessionId } })
  }

  async #refusal(key: Key): Promise<keyof typeof refusals | null> {
    const others = this.#streams.has('all') !== (key === 'all') && this.#streams.size > 0
    if (others) return 'subscribed_otherwise'
    if (key === 'all') return null
    if (!(await this.#sees(key))) return 'session_not_found'
    return !this.#streams.has(key) && this.#streams.size >= mostSubscriptions ? 'too_many_subscriptions' : null
  }

  async #sees(sessionId: SessionId): Promise<boolean> {
    if (this.member.sessionIds?.has(sessionId) === false) return false
    return this.deps.stream.tenants.read(this.#scope, tx => this.deps.view.sees(tx, sessionId))
  }

  async #run(key: Key, after: bigint, signal: AbortSignal): Promise<void> {
    const { deps, line, member } = this
    const scope = this.#scope
    const sessions = key === 'all' ? (member.sessionIds === null ? 'all' : [...member.sessionIds]) : [key]
    // a session that was seen once may have become somebody's own
    const onNothing = async () => {
      if (key !== 'all' && !(await this.#sees(key))) line.close(liveCloseCodes.forbidden, 'session not visible')
    }
    try {
      const events = eventStream(deps.stream, { scope, sessions, after, signal, onNothing })
      for await (const frame of framesOf(events, event => deps.view.present(scope, event))) {
        if (signal.aborted || !(await line.send(frame))) return
      }
    } catch (error) {
      deps.log.warn('feed_failed', { code: errorCode(error) })
      line.close(liveCloseCodes.tryLater, 'try again')
    }
  }

  #endAll(): void {
    for (const stream of this.#streams.values()) stream.abort()
    this.#streams.clear()
  }
}
