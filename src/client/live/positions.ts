import type { EventEnvelope } from '../../contract/events.js'
import type { LiveNotice, LiveRequest } from '../../contract/live.js'

type DataOf<Name extends LiveNotice['event']> = Extract<LiveNotice, { event: Name }>['data']
type SubscribeData = Extract<LiveRequest, { event: 'subscribe' }>['data']
type Answered = { resolve: () => void; reject: (error: Error) => void }
type Subscription = { after: number | null; waiting: Answered[] }

export type LiveRefusal = DataOf<'refused'>

/** A subscription was not given: switch on `code`. */
export class LiveRefusedError extends Error {
  override readonly name = 'LiveRefusedError'
  readonly code: LiveRefusal['code']
  readonly action: string

  constructor({ code, message, action }: LiveRefusal) {
    super(message)
    this.code = code
    this.action = action
  }
}

/** What is subscribed to, and how far each has come; `null` stands for all sessions. */
export class Positions {
  readonly #subscriptions = new Map<string | null, Subscription>()

  /** @returns resolves when the gateway has answered */
  want(sessionId: string | null, after: number | null): Promise<void> {
    const subscription = this.#subscriptions.get(sessionId) ?? { after: null, waiting: [] }
    subscription.after = after ?? subscription.after
    this.#subscriptions.set(sessionId, subscription)
    return new Promise((resolve, reject) => subscription.waiting.push({ resolve, reject }))
  }

  /** The gateway's word on where it goes on. */
  begin({ sessionId, after }: DataOf<'subscribed'>): void {
    const subscription = this.#subscriptions.get(sessionId)
    if (subscription === undefined) return
    subscription.after = after
    for (const { resolve } of subscription.waiting.splice(0)) resolve()
  }

  /** @returns whether somebody was waiting for the answer */
  refuse(refusal: LiveRefusal): boolean {
    const subscription = this.#subscriptions.get(refusal.sessionId)
    this.#subscriptions.delete(refusal.sessionId)
    for (const { reject } of subscription?.waiting ?? []) reject(new LiveRefusedError(refusal))
    return (subscription?.waiting.length ?? 0) > 0
  }

  forget(sessionId: string | null): void {
    const subscription = this.#subscriptions.get(sessionId)
    this.#subscriptions.delete(sessionId)
    for (const { resolve } of subscription?.waiting ?? []) resolve()
  }

  /** @returns whether this event is news; false for one that was told before, or was not asked for */
  advance({ data, seq }: EventEnvelope): boolean {
    const { sessionId } = data as { sessionId: string }
    const subscription = this.#subscriptions.get(null) ?? this.#subscriptions.get(sessionId)
    if (subscription === undefined || seq <= (subscription.after ?? 0)) return false
    subscription.after = seq
    return true
  }

  toResume(): SubscribeData[] {
    return [...this.#subscriptions].map(([sessionId, { after }]) => ({
      ...(sessionId !== null && { sessionId: sessionId as NonNullable<SubscribeData['sessionId']> }),
      ...(after !== null && { after }),
    }))
  }

  of(sessionId: string | null): number | null {
    return this.#subscriptions.get(sessionId)?.after ?? null
  }

  endAll(error: Error): void {
    for (const { waiting } of this.#subscriptions.values()) for (const { reject } of waiting.splice(0)) reject(error)
    this.#subscriptions.clear()
  }
}
