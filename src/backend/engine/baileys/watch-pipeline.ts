import type { WatchLimits } from './watch-limits.js'

type Stage = 'reached' | 'answered'
type Entry = { id: string; lane: Lane; order: number; at: number; encrypted: boolean; reached: boolean }

/** What waited for the login is handled one after the other beside what comes live: each has a line of its own. */
class Lane {
  readonly waiting = new Map<string, Entry>()
  readonly latest: Record<Stage, { at: number; order: number }> = {
    reached: { at: -Infinity, order: -1 },
    answered: { at: -Infinity, order: -1 },
  }
}

/** More than can be under way; what exceeds it is not watched. */
const capacity = 20_000

/**
 * Whether messages that came over the wire get through: to our decryption, and from there to a receipt or ack. A long queue takes its time, so
 * one that moves is not ill; but a message that later ones have overtaken is lost, and a lane in which nothing moves is stuck.
 */
export class PipelineWatch {
  readonly #limits: Pick<WatchLimits, 'reachMs' | 'answerMs'>
  readonly #lanes = { live: new Lane(), waited: new Lane() }
  #order = 0
  #restartedAt = -Infinity
  #announcedAt: number | null = null

  constructor(limits: Pick<WatchLimits, 'reachMs' | 'answerMs'>) {
    this.#limits = limits
  }

  /** WhatsApp says that messages wait and will come. */
  announced(now: number): void {
    this.#announcedAt = now
  }

  arrived(id: string, kind: { waited: boolean; encrypted: boolean }, now: number): void {
    this.#announcedAt = null
    const lane = kind.waited ? this.#lanes.waited : this.#lanes.live
    if (lane.waiting.size >= capacity || lane.waiting.has(id)) return
    lane.waiting.set(id, { id, lane, order: this.#order++, at: now, encrypted: kind.encrypted, reached: false })
  }

  reached(id: string, now: number): void {
    for (const entry of this.#of(id)) {
      entry.reached = true
      this.#passed(entry, 'reached', now)
    }
  }

  answered(id: string, now: number): void {
    for (const entry of this.#of(id)) {
      entry.lane.waiting.delete(id)
      this.#passed(entry, 'reached', now)
      this.#passed(entry, 'answered', now)
    }
  }

  /** Time until now counts for nothing: the line stood still. */
  restart(now: number): void {
    this.#restartedAt = now
    if (this.#announcedAt !== null) this.#announcedAt = now
  }

  /** The message that does not get through; `''` where WhatsApp announced some and none came; null: all is well. */
  stuck(now: number): string | null {
    const { reachMs, answerMs } = this.#limits
    if (this.#announcedAt !== null && now - this.#announcedAt > answerMs) return ''
    for (const lane of Object.values(this.#lanes)) {
      const [oldest] = lane.waiting.values()
      if (oldest === undefined) continue
      if (oldest.encrypted && !oldest.reached && this.#overdue(oldest, 'reached', reachMs, now)) return oldest.id
      if (this.#overdue(oldest, 'answered', answerMs, now)) return oldest.id
    }
    return null
  }

  #overdue({ lane, at, order }: Entry, stage: Stage, limitMs: number, now: number): boolean {
    const waitingSince = Math.max(at, this.#restartedAt)
    if (now - waitingSince <= limitMs) return false
    const latest = lane.latest[stage]
    return latest.order > order || now - latest.at > limitMs
  }

  #of(id: string): Entry[] {
    return Object.values(this.#lanes).flatMap(lane => lane.waiting.get(id) ?? [])
  }

  #passed({ lane, order }: Entry, stage: Stage, now: number): void {
    const latest = lane.latest[stage]
    latest.at = now
    latest.order = Math.max(latest.order, order)
  }
}
