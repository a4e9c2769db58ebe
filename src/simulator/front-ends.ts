import { setTimeout as delay } from 'node:timers/promises'
import type { FrontEndEnding, RestartOptions } from './control-surface.js'
import { SimulatorError } from './errors.js'
import type { LedgerEvent } from './ledger-lines.js'
import type { Arrival } from './wire/connection.js'
import { Listener } from './wire/listener.js'
import type { UpgradeAnswer } from './wire/upgrade-answer.js'

export type FrontEndsDeps = {
  /** one each; 0 takes a free one */
  ports: number[]
  accept: (arrival: Arrival) => void
  /** Ends every connection that came in by this door. */
  end: (frontEnd: number, how: FrontEndEnding) => void
  note: (event: LedgerEvent) => void
}

/** The ports WhatsApp is reached by. All lead to the same accounts; each can be restarted by itself. */
export class FrontEnds implements AsyncDisposable {
  /** what upgrades get instead of a websocket */
  refusal: UpgradeAnswer | undefined
  readonly #listeners: Listener[] = []
  readonly #stopping = new AbortController()

  private constructor(private readonly deps: FrontEndsDeps) {}

  static async open(deps: FrontEndsDeps): Promise<FrontEnds> {
    const frontEnds = new FrontEnds(deps)
    for (const [frontEnd, port] of deps.ports.entries()) {
      frontEnds.#listeners.push(await Listener.open({ ...deps, port, frontEnd, refusal: () => frontEnds.refusal }))
    }
    return frontEnds
  }

  get urls(): string[] {
    return this.#listeners.map(({ url }) => url)
  }

  /**
   * Refuses connections by this door, ends those that are in, and takes new ones `forMs` later; resolves then.
   * @throws SimulatorError `bad_request` when there is no such door
   */
  async restart(frontEnd: number, { forMs = 0, how = 'stream-error' }: RestartOptions = {}): Promise<void> {
    const listener = this.#listeners[frontEnd]
    if (!listener) throw new SimulatorError('bad_request', `there is no front end ${frontEnd}`)
    listener.shut()
    this.deps.note({ kind: 'front-end', frontEnd, open: false })
    this.deps.end(frontEnd, how)
    await delay(forMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
    if (this.#stopping.signal.aborted) return
    await listener.reopen()
    this.deps.note({ kind: 'front-end', frontEnd, open: true })
  }

  /** Restarts every door, each `staggerMs` after the one before; resolves when all take connections again. */
  async restartAll({ staggerMs = 0, ...options }: RestartOptions & { staggerMs?: number | undefined }): Promise<void> {
    await Promise.all(
      this.#listeners.map(async (_listener, frontEnd) => {
        await delay(staggerMs * frontEnd, undefined, { signal: this.#stopping.signal }).catch(() => undefined)
        if (!this.#stopping.signal.aborted) await this.restart(frontEnd, options)
      }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#listeners.map(listener => listener[Symbol.asyncDispose]()))
  }
}
