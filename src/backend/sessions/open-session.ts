import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EngineConnection } from '../engine/engine.js'
import { drainOutbox } from '../outbox/outbox-lane.js'
import type { SessionIdentity } from './session-identity.js'

export type OpenSession = {
  identity: SessionIdentity
  connection: EngineConnection
  /** Aborts when this connection ends. */
  signal: AbortSignal
  /** Waits until the account's app-state keys are stored, or for so long. */
  appStateKeys(timeoutMs: number): Promise<void>
  /**
   * Sends what the session's outbox holds, see `outbox-lane.ts`; one drain at a time, whoever asks for it.
   * @returns whether every message has a verdict now
   */
  drainOutbox(signal: AbortSignal): Promise<boolean>
  /** Has what was heard and not handled gone through again, see `hearing.ts`, while everything else goes on. */
  catchUp(): void
  /** Closes the connection without logging out and lets the session rest; nothing reconnects it. */
  release(): Promise<void>
}

export type OpenWorkDeps = {
  tenants: Tenants
  identity: SessionIdentity
  /** Work that every open connection gets. Called again after a failure while the connection lives; must be safe to repeat. */
  onOpen: (session: OpenSession) => Promise<void>
  onFailure: (error: unknown) => void
  /** Aborts when the session stops here. */
  stopping: AbortSignal
  catchUp: () => void
  release: () => Promise<void>
  /** Takes the device off the account and ends the session here. */
  leave: (connection: EngineConnection) => Promise<void>
}

const longestPauseMs = 60_000

/** What one session does with its connections: the same work on each of them, one drain of the outbox at a time over all. */
export class OpenWork {
  readonly #deps: OpenWorkDeps
  /** Aborts when no message may be begun any more. */
  readonly #lastCall = new AbortController()
  #draining: Promise<unknown> = Promise.resolve()

  constructor(deps: OpenWorkDeps) {
    this.#deps = deps
  }

  /** @param keysArrived aborts when the account's app-state keys are stored */
  async run(connection: EngineConnection, signal: AbortSignal, keysArrived: AbortSignal): Promise<void> {
    const { identity, onOpen, onFailure, stopping, catchUp, release } = this.#deps
    const appStateKeys = async (timeoutMs: number) => {
      if (connection.hasAppStateKeys()) return
      await delay(timeoutMs, undefined, { signal: AbortSignal.any([signal, keysArrived]) }).catch(() => {})
    }
    const drain = (limit: AbortSignal) => this.#drain(connection, limit)
    const session = { identity, connection, signal, appStateKeys, drainOutbox: drain, catchUp, release }
    for (let pauseMs = 1_000; !signal.aborted && !stopping.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await onOpen(session)
      } catch (error) {
        onFailure(error)
        await delay(Math.random() * pauseMs, undefined, { signal }).catch(() => {})
      }
    }
  }

  /** No message is begun any more. @returns when the one under way has its verdict */
  lastCall(): Promise<unknown> {
    this.#lastCall.abort()
    return this.#draining
  }

  #drain(connection: EngineConnection, signal: AbortSignal): Promise<boolean> {
    const { identity, leave, tenants } = this.#deps
    const lastCall = this.#lastCall.signal
    const deps = { tenants, ...identity, lastCall, leave: () => leave(connection) }
    const drained = this.#draining.then(() => drainOutbox(deps, connection, signal))
    this.#draining = drained.catch(() => {})
    // whoever asks again would ask for nothing else until the line is closed
    const closed = () => (signal.aborted ? null : once(signal, 'abort'))
    return drained.then(async settled => {
      if (!settled && lastCall.aborted) await closed()
      return settled
    })
  }
}
