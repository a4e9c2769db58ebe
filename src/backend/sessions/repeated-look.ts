import { setTimeout as delay } from 'node:timers/promises'
import { errorCode, type Log } from '../log.js'

export type RepeatedLookDeps = {
  /** One look. It may end early once the signal aborts. */
  look: (signal: AbortSignal) => Promise<unknown>
  everyMs: number
  /** What the log says when a look has failed; the next one comes all the same. */
  failure: string
  log: Log
}

/** Looks again and again, each time so long after the look before has ended. Ends when the look under way does. */
export interface RepeatedLook extends AsyncDisposable {
  /** Begins with a look at once. */
  start(): void
}

export function repeatedLook({ look, everyMs, failure, log }: RepeatedLookDeps): RepeatedLook {
  const stopping = new AbortController()
  const { signal } = stopping
  let working: Promise<void> = Promise.resolve()

  const work = async () => {
    while (!signal.aborted) {
      await look(signal).catch((error: unknown) => log.warn(failure, { code: errorCode(error) }))
      await delay(everyMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  return {
    start() {
      working = work()
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await working
    },
  }
}
