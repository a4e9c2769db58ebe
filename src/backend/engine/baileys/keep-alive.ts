export type KeepAliveDeps = {
  ping: () => void
  /** Nothing came for so long that the line is taken for dead. */
  onSilent: () => void
  limits?: KeepAliveLimits
}

/** Milliseconds: of silence before a ping, and from there to the verdict. */
export type KeepAliveLimits = { quietMs: number; answerMs: number }

const usual: KeepAliveLimits = { quietMs: 15_000, answerMs: 8_000 }

/** A timer that fires this late tells of a process that stood still: what came meanwhile has not been read yet. */
const stoodStillMs = 1_000

/**
 * Asks a silent line whether it still stands. Stands in for Baileys' own, which goes on while a socket is paused and would end it, and which
 * takes half a minute longer to notice a dead line.
 */
export class KeepAlive {
  readonly #deps: KeepAliveDeps
  readonly #limits: KeepAliveLimits
  #heardAt = performance.now()
  #asked = false
  #timer: NodeJS.Timeout | null = null
  #begun = false
  #paused = false
  #over = false

  constructor(deps: KeepAliveDeps) {
    this.#deps = deps
    this.#limits = deps.limits ?? usual
  }

  /** Any frame is an answer; the first one begins the watch. Costs a look at the clock. */
  heard(): void {
    this.#begun = true
    this.#heardAt = performance.now()
    this.#asked = false
    if (this.#timer === null) this.#next(this.#limits.quietMs)
  }

  /** Silence counts for nothing until `resume`. */
  pause(): void {
    this.#paused = true
    this.#clear()
  }

  /** Begins anew, each line at a moment of its own: those that were paused together are not asked together. */
  resume(): void {
    this.#paused = false
    // nothing may be asked before the handshake is through
    if (!this.#begun) return
    const { quietMs } = this.#limits
    const head = Math.random() * quietMs
    this.#heardAt = performance.now() - head
    this.#asked = false
    this.#next(quietMs - head)
  }

  stop(): void {
    this.#over = true
    this.#clear()
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #next(afterMs: number): void {
    this.#clear()
    if (this.#paused || this.#over) return
    const due = performance.now() + afterMs
    this.#timer = setTimeout(() => this.#look(performance.now() - due), afterMs).unref()
  }

  #look(lateMs: number): void {
    const { quietMs, answerMs } = this.#limits
    const silentMs = performance.now() - this.#heardAt
    if (!this.#asked && silentMs < quietMs) return this.#next(quietMs - silentMs)
    if (this.#asked && lateMs <= stoodStillMs) return this.#deps.onSilent()
    if (!this.#asked) this.#deps.ping()
    this.#asked = true
    this.#next(answerMs)
  }
}
