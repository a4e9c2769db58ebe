import type { WASocket } from '@whiskeysockets/baileys'
import type { Log } from '../../log.js'
import type { EngineEvent } from '../engine.js'
import type { AuthState } from './auth-state.js'
import { DownloadPlaces } from './download-places.js'
import { HistoryImport } from './history-import.js'
import { guardedDownloads, type GuardedDownloadsDeps } from './media-file.js'
import type { LoggerEars } from './quiet-logger.js'
import { AppStateWatch } from './watch-app-state.js'
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
  /** Where WhatsApp keeps files; `null`: none are fetched. */
  mediaUrl?: string | null
}

/** Files of app state fetched at once: when a thousand sessions come back, each of which may lack some, neither memory nor the line is theirs alone. */
const mostFilesAtOnce = 8

/** What the watches of all connections of one process share. */
export class Watches {
  readonly limits: WatchLimits
  readonly now: () => number
  readonly round: WatchRound
  readonly mediaUrl: string | null
  readonly #memory = new WatchMemory()
  readonly #places = new DownloadPlaces(mostFilesAtOnce)
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ limits, now = () => performance.now(), mediaUrl = null }: WatchSettings = {}) {
    this.mediaUrl = mediaUrl
    this.limits = { ...usualLimits, ...limits }
    this.now = now
    this.round = new WatchRound(this.limits.everyMs, now)
  }

  /** For Baileys, see `guardedDownloads`. */
  downloads(onFile: GuardedDownloadsDeps['onFile']): RequestInit {
    const { mediaUrl, limits } = this
    return guardedDownloads({ mediaUrl, places: this.#places, limitMs: limits.appStateMs, onFile })
  }

  /** One after the other, whoever asks. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
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
  readonly #appState: AppStateWatch
  readonly #history: HistoryImport
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
    const { resyncedAt, askedPhone } = watches.memoryOf(name)
    this.#appState = new AppStateWatch({
      socket,
      resyncedAt,
      askedPhone,
      resyncEveryMs: limits.resyncEveryMs,
      log,
      onHealth: appState => emit({ type: 'health', health: { appState } }),
    })
    this.#history = new HistoryImport({
      socket,
      mediaUrl: watches.mediaUrl,
      downloadMs: limits.downloadMs,
      inTurn: work => watches.inTurn(work),
      log,
      onHealth: history => emit({ type: 'health', health: { history } }),
    })
    const leave = [round.add(this.inbound), round.add(this.#appState)]
    this.#leave = () => leave.forEach(each => each())
  }

  opened(): void {
    this.inbound.opened()
    this.#preKeys.opened()
  }

  /** Whether a file that Baileys wanted has come: of its own accord it fetches those of app state. */
  onFile(came: boolean): void {
    this.#appState.onFile(came)
  }

  /** What Baileys says in its log. */
  said(words: string, name?: string): void {
    this.#appState.said(words, name)
  }

  /** The connection has ended. */
  stop(): void {
    this.#leave()
    this.#history.stop()
    this.inbound.stop()
    this.#preKeys.stop()
  }
}

/** What a connection's watch hears of Baileys, as soon as there is one. */
export function earsOf(watch: () => SessionWatch | null): LoggerEars & Pick<GuardedDownloadsDeps, 'onFile'> {
  return {
    onFile: came => watch()?.onFile(came),
    onAnswer: (id, refused) => watch()?.inbound.answered(id, refused),
    onWords: (words, name) => watch()?.said(words, name),
  }
}
