import type { Subject } from './subjects.js'

/** More subjects than this are not remembered; the database still knows them. */
const mostRemembered = 10_000

type CoolDown = { endsAt: number; retryAt: number }

/** Cool-downs that this node has met: whoever hammers during one is refused without a question to the database. */
export class CoolDownMemory {
  readonly #known = new Map<string, CoolDown>()

  /** @param now milliseconds of a clock that only goes forward */
  constructor(private readonly now: () => number) {}

  remember(subject: Uint8Array, endsInMs: number, retryInMs: number): void {
    const key = Buffer.from(subject).toString('base64')
    this.#known.delete(key)
    this.#known.set(key, { endsAt: this.now() + endsInMs, retryAt: this.now() + retryInMs })
    if (this.#known.size > mostRemembered) this.#known.delete(this.#known.keys().next().value ?? key)
  }

  /** @returns seconds until it makes sense to try again, `null` when none is known */
  running(subjects: readonly Subject[]): number | null {
    const waits = subjects.flatMap(subject => this.#waitOf(subject.toString('base64')) ?? [])
    return waits.length === 0 ? null : Math.ceil(Math.max(...waits) / 1_000)
  }

  #waitOf(key: string): number | null {
    const known = this.#known.get(key)
    if (known === undefined) return null
    if (known.endsAt > this.now()) return known.retryAt - this.now()
    this.#known.delete(key)
    return null
  }
}
