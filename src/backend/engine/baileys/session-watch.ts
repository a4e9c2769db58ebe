import type { WASocket } from '@whiskeysockets/baileys'
import type { Log } from '../../log.js'
import type { EngineEvent } from '../engine.js'
import type { AuthState } from './auth-state.js'
import { InboundWatch } from './watch-inbound.js'
import { PreKeyWatch } from './watch-pre-keys.js'
import { usualLimits, type WatchLimits } from './watch-limits.js'
import { WatchMemory, type SessionMemory } from './watch-memory.js'
import { watchPhone } from './watch-phone.js'
import { WatchRound } from './watch-round.js'

export type WatchSettings = {
  limits?: Partial<WatchLimits>
  /** Milliseconds of a clock that never steps back. */
  now?: () => number
}

/** What the watches of all connections of one process share. */
export class Watches {
  readonly limits: WatchLimits
  readonly now: () => number
  readonly round: WatchRound
  readonly #memory = new WatchMemory()

  constructor({ limits, now = () => performance.now() }: WatchSettings = {}) {
    this.limits = { ...usualLimits, ...limits }
    this.now = now
    this.round = new WatchRound(this.limits.everyMs, now)
  }

  memoryOf(name: string): SessionMemory {
    return this.#memory.of(name)
  }
}

export type SessionWatchDeps = {
  socket: WASocket
  auth: AuthState
  watches: Watches
  /** Of the session, the same for all its connections. */
  name: string
  log: Log
  emit: (event: EngineEvent) => void
  onDeaf: () => void
}

/** Everything that is watched on one connection of a linked account. */
export class SessionWatch {
  readonly inbound: InboundWatch
  readonly #preKeys: PreKeyWatch
  readonly #leave: () => void

  constructor({ socket, auth, watches, name, log, emit, onDeaf }: SessionWatchDeps) {
    const { limits, now, round } = watches
    this.inbound = new InboundWatch({ socket, memory: watches.memoryOf(name), limits, now, log, emit, onDeaf })
    watchPhone({ socket, creds: auth.creds, onSeen: at => emit({ type: 'phone_seen', at }) })
    this.#preKeys = new PreKeyWatch({
      socket,
      wantsFresh: () => auth.wantsFreshPreKeys(),
      retryMs: limits.retryMs,
      log,
      onHealth: preKeys => emit({ type: 'health', health: { preKeys } }),
    })
    this.#leave = round.add(this.inbound)
  }

  opened(): void {
    this.inbound.opened()
    this.#preKeys.opened()
  }

  /** The connection has ended. */
  stop(): void {
    this.#leave()
    this.inbound.stop()
    this.#preKeys.stop()
  }
}
