import type { Direction, Hold, LedgerEntry, StanzaMatch } from './control-surface.js'
import { SimulatorError } from './errors.js'
import { describe, fits, type Party } from './ledger.js'
import { Waiters } from './waiters.js'
import type { Node } from './wire/node-codec.js'

type PendingHold = { match: StanzaMatch; reach(entry: LedgerEntry, gate: Gate): void }

/** Holds set by tests and not yet met by a stanza. */
export class Holds {
  readonly #pending = new Set<PendingHold>()

  get any(): boolean {
    return this.#pending.size > 0
  }

  /** Suspends the next stanza that fits, wherever it passes. */
  hold(match: StanzaMatch): Hold {
    const met = new Waiters<LedgerEntry>()
    const reached = met.wait(() => true)
    reached.catch(() => undefined)
    let gate: Gate | undefined
    const pending: PendingHold = {
      match,
      reach: (entry, at) => {
        gate = at
        met.offer(entry)
      },
    }
    const end = async (forward: boolean): Promise<void> => {
      if (this.#pending.delete(pending))
        met.failAll(new SimulatorError('stopped', 'the hold was released before any stanza'))
      gate?.open(forward)
      gate = undefined
    }
    this.#pending.add(pending)
    return { reached, release: () => end(true), drop: () => end(false) }
  }

  /** @internal The hold this stanza meets, if any; a hold is met once. */
  take(direction: Direction, value: Node, party: Party): { reach(gate: Gate): void } | undefined {
    if (this.#pending.size === 0) return undefined
    const entry = describe(0, direction, value, party)
    for (const pending of this.#pending) {
      if (!fits(entry, pending.match)) continue
      this.#pending.delete(pending)
      return { reach: gate => pending.reach(entry, gate) }
    }
    return undefined
  }
}

/** One direction of one connection: stanzas pass at once, or queue in order behind one that is held. */
export class Gate {
  readonly #queue: Node[] = []
  #held: Node | undefined

  constructor(
    private readonly holds: Holds,
    private readonly direction: Direction,
    private readonly party: () => Party,
    private readonly forward: (value: Node) => void,
  ) {}

  get idle(): boolean {
    return this.#held === undefined
  }

  submit(value: Node): void {
    if (this.#held) this.#queue.push(value)
    else this.#pass(value)
  }

  /** Ends the hold: the held stanza goes on, or vanishes; then everything that queued behind it. */
  open(forward: boolean): void {
    const held = this.#held
    if (!held) return
    this.#held = undefined
    if (forward) this.forward(held)
    while (!this.#held) {
      const next = this.#queue.shift()
      if (!next) return
      this.#pass(next)
    }
  }

  #pass(value: Node): void {
    const hold = this.holds.any ? this.holds.take(this.direction, value, this.party()) : undefined
    if (!hold) return this.forward(value)
    this.#held = value
    hold.reach(this)
  }
}
