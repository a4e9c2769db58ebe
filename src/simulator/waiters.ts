import { SimulatorError } from './errors.js'

type Waiter<T> = { accepts(value: T): boolean; settle(value: T): void; fail(error: Error): void }

/** People waiting for a value of some kind, each with a deadline and a sentence that says what for. */
export class Waiters<T> {
  readonly #waiting = new Set<Waiter<T>>()

  /**
   * Without `timeoutMs` it waits as long as it takes.
   * @throws SimulatorError `wait_timeout` when nothing fitting was offered in time
   */
  wait(accepts: (value: T) => boolean, timeoutMs?: number, what?: () => string): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiter: Waiter<T> = {
        accepts,
        settle: value => finish(() => resolve(value)),
        fail: error => finish(() => reject(error)),
      }
      const late = (): void => {
        waiter.fail(new SimulatorError('wait_timeout', `waited ${timeoutMs} ms for ${what?.() ?? 'something'}`))
      }
      const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs)
      const finish = (act: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(waiter)
        act()
      }
      this.#waiting.add(waiter)
    })
  }

  /** Hands a value to everyone it fits. */
  offer(value: T): void {
    for (const waiter of this.#waiting) if (waiter.accepts(value)) waiter.settle(value)
  }

  /** Ends every wait. */
  failAll(error: Error): void {
    for (const waiter of this.#waiting) waiter.fail(error)
  }
}
