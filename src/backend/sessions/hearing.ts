import { untilStored } from '../database/until-stored.js'
import type { InboundMessage } from '../engine/engine.js'
import { errorCode } from '../log.js'

export type HearingDeps = {
  onMessage: (message: InboundMessage) => Promise<void>
  /** Goes once more through what was heard lately, from where it is stored. */
  onMissed: () => Promise<void>
  onFailure: (event: 'message_not_handled' | 'not_caught_up', error: unknown) => void
  /** Aborts when the session stops here. */
  signal: AbortSignal
}

/** Messages that may wait. Whoever writes more is heard later: memory must not grow with what others send. */
const mostWaiting = 200

/**
 * Hands on what a session hears, one message after the other. One that cannot be handled because the database is away holds up none
 * behind it and is not kept in memory: it is stored already, so once the database is back everything is gone through again.
 */
export class Hearing {
  readonly #deps: HearingDeps
  #waiting = 0
  #handled: Promise<void> = Promise.resolve()
  #behind = false
  #catchingUp: Promise<void> | null = null

  constructor(deps: HearingDeps) {
    this.#deps = deps
  }

  hear(message: InboundMessage): void {
    if (this.#waiting >= mostWaiting) return this.catchUp()
    this.#waiting++
    this.#handled = this.#handled.then(() => this.#handle(message)).finally(() => this.#waiting--)
  }

  /** Has what was missed gone through, after what waits. */
  catchUp(): void {
    this.#behind = true
    this.#catchingUp ??= this.#goThrough()
  }

  /** Once the signal has aborted: resolves when nothing is being handled any more. */
  async ended(): Promise<void> {
    await this.#handled
    await this.#catchingUp
  }

  async #handle(message: InboundMessage): Promise<void> {
    const { onMessage, onFailure, signal } = this.#deps
    if (signal.aborted) return
    try {
      await onMessage(message)
    } catch (error) {
      onFailure('message_not_handled', error)
      if (errorCode(error) === 'database_unavailable') this.catchUp()
    }
  }

  async #goThrough(): Promise<void> {
    const { onMissed, onFailure, signal } = this.#deps
    while (this.#behind && !signal.aborted) {
      await this.#handled
      this.#behind = false
      if (!signal.aborted)
        await untilStored(onMissed, signal).catch((error: unknown) => onFailure('not_caught_up', error))
    }
    // in the same turn as the last look, so that nobody is turned away by a pass that has ended
    this.#catchingUp = null
  }
}
