import type { CloseReason } from '../engine/engine.js'
import { StorageError } from '../engine/keystore.js'
import { VaultError } from '../vault/vault-error.js'
import { reactionTo } from './close-reactions.js'
import type { Again, Reaction, Shown } from './reaction.js'

/** What follows the end of a connection. */
export type Step =
  | { next: 'connect'; afterMs: number; shown: Shown; until: Date | null; reaction: Reaction }
  | { next: 'rest'; shown: NonNullable<Reaction['rest']>; reaction: Reaction }
  /** Not ours any more, or closed on purpose: nothing is written. */
  | { next: 'nothing' }

export type ReconnectPlanDeps = {
  /** From 0 to below 1. */
  random?: () => number
  now?: () => number
}

const firstTryMs = 2_000
const longestBackoffMs = 300_000
const afterRestrictionMs = 60_000

/** One session's patience: how often what has happened, and so when to connect again. Nothing but a row of the table ever ends it. */
export class ReconnectPlan {
  readonly #random: () => number
  readonly #now: () => number
  /** Times of tries by kind, for rows that count them. */
  readonly #tries = new Map<string, number[]>()
  #losses = 0

  constructor({ random = Math.random, now = Date.now }: ReconnectPlanDeps = {}) {
    this.#random = random
    this.#now = now
  }

  /** The connection has stood long enough to be a good one. */
  settle(): void {
    this.#losses = 0
  }

  /** What was shown when this node began to run the session was somebody's reason to wait. @returns for how long from now */
  resume(shown: { reason: string | null; until: Date | null }): number {
    const left = (shown.until?.getTime() ?? 0) - this.#now()
    if (left > 0) return left + this.#random() * afterRestrictionMs
    if (shown.reason !== 'replaced') return 0
    const { again } = reactionTo({ plane: 'stream', kind: 'replaced', phase: 'open' })
    this.#count('replaced')
    return this.#delay(again, null)
  }

  after(reason: CloseReason): Step {
    return this.#step(reactionTo(reason), reason)
  }

  /** Stored credentials could not be loaded. Damage is never retried for ever, absence never met with new ones. */
  afterLoading(error: unknown): Step {
    const damaged = error instanceof VaultError || (error instanceof StorageError && error.code === 'storage_damaged')
    const fenced = error instanceof StorageError && error.code === 'fenced'
    const kind = damaged ? 'storage_damaged' : fenced ? 'fenced' : 'storage_error'
    return this.after({ plane: 'storage', kind, status: null, phase: 'syncing' })
  }

  #step(reaction: Reaction, reason: CloseReason): Step {
    const { again, rest, tries, trying } = reaction
    const may = again.when !== 'never' && (again.when !== 'until' || reason.until !== undefined)
    if (may && trying !== null && (tries === null || this.#triesOf(reason.kind, tries.withinMs) < tries.most)) {
      this.#count(reason.kind)
      const afterMs = this.#delay(again, reason)
      return { next: 'connect', afterMs, shown: trying, until: reason.until ?? null, reaction }
    }
    return rest === null ? { next: 'nothing' } : { next: 'rest', shown: rest, reaction }
  }

  #delay(again: Again, reason: CloseReason | null): number {
    const first = this.#losses === 0
    switch (again.when) {
      case 'never':
      case 'now':
        return 0
      case 'soon':
        if (first) {
          this.#losses++
          return this.#random() * firstTryMs
        }
        return this.#backoff()
      case 'backoff':
        return Math.max(this.#backoff(), reason?.retryAfterMs ?? 0)
      case 'after': {
        const least = Math.max(again.ms, reason?.retryAfterMs ?? 0)
        return least + this.#random() * again.ms
      }
      case 'until': {
        const left = (reason?.until?.getTime() ?? 0) - this.#now()
        return Math.max(left, afterRestrictionMs) + this.#random() * afterRestrictionMs
      }
    }
  }

  /** Full jitter: sessions that lost their line together do not come back together. */
  #backoff(): number {
    return this.#random() * Math.min(longestBackoffMs, 1_000 * 2 ** Math.min(this.#losses++, 20))
  }

  #count(kind: string): void {
    this.#tries.set(kind, [...(this.#tries.get(kind) ?? []), this.#now()].slice(-10))
  }

  #triesOf(kind: string, withinMs: number): number {
    return (this.#tries.get(kind) ?? []).filter(at => at > this.#now() - withinMs).length
  }
}
