import {
  ALL_WA_PATCH_NAMES,
  type BinaryNode,
  type LTHashState,
  type WAMessage,
  type WAPatchName,
  type WASocket,
} from '@whiskeysockets/baileys'
import type { SessionHealth } from '../../../contract/sessions.js'
import { errorCode, type Log } from '../../log.js'
import { recoveredCollection, recoveryAnswer, recoveryRequest, type RecoveryAnswer } from './app-state-recovery.js'
import type { Watched } from './watch-round.js'

/** Answers of one collection in a row that promise more. An account of years takes a handful. */
const mostRounds = 50

/** How Baileys says that it gave a collection up, or has it. Source: `resyncAppState` in its `Socket/chats.js`. */
const givenUp = /^(?:(\S+) blocked on missing key .* parking|failed to sync (\S+) .* giving up)/
const synced = /^(?:synced|restored state of) (\S+) /

/** How it says that a patch, or what came of it, is not what the phone has written: it goes on without, and never finds back by itself. */
const damaged = /^(failed to decode patch, skipping|LTHash verification failed)/

/** Of this one a phone is never asked. Source: `shouldPreformSnapshotRecovery` of WhatsApp Web, as Cobalt tells it. */
const neverAsked = 'critical_block'

export type AppStateWatchDeps = {
  socket: WASocket
  /** Collection -> when it was read from its beginning last, over all connections of the session. */
  resyncedAt: Map<string, number>
  /** Collections that the phone has been asked for and has not told yet, over all connections of the session: it may be offline for long. */
  askedPhone: Set<string>
  resyncEveryMs: number
  log: Log
  onHealth: (health: SessionHealth['appState']) => void
}

/**
 * Tells whether the account's app state can be read, and ends a reading without end: Baileys goes on as long as WhatsApp promises more
 * patches, and every message that is to be sent waits meanwhile (reliability F-06, T-38). A collection that is damaged is read once more
 * from its beginning (F-24); of one that is so there too the account's phone is asked, once, and it is left alone for hours until that answers.
 */
export class AppStateWatch implements Watched {
  readonly #deps: AppStateWatchDeps
  /** By collection: answers in a row that promised more. */
  readonly #rounds = new Map<string, number>()
  /** Collections that were ended here, and have not come to an end of their own since. */
  readonly #endless = new Set<string>()
  readonly #givenUp = new Set<string>()
  readonly #damaged = new Set<string>()
  /** A collection is read anew just now. */
  #repairing = false
  /** What the phone has told and was not looked at yet. */
  readonly #answers: RecoveryAnswer[] = []
  /** The last file that belongs to it did not come. */
  #fileMissing = false
  #told: SessionHealth['appState'] | null = null

  constructor(deps: AppStateWatchDeps) {
    this.#deps = deps
    // before Baileys looks at the same node
    deps.socket.ws.prependListener('frame', (frame: BinaryNode | Uint8Array) => {
      if ('tag' in frame && frame.tag === 'iq' && Array.isArray(frame.content)) this.#count(frame.content)
    })
    deps.socket.ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages) this.#hear(message)
    })
  }

  /** Words that Baileys logs. @param name of the collection, where it is not among them */
  said(words: string, name?: string): void {
    if (name !== undefined && damaged.test(words)) {
      this.#damaged.add(name)
      return this.#tell()
    }
    const lost = givenUp.exec(words)
    const had = lost === null ? synced.exec(words)?.[1] : undefined
    if (lost === null && had === undefined) return
    if (lost !== null) this.#givenUp.add(lost[1] ?? lost[2] ?? '')
    if (had !== undefined) this.#givenUp.delete(had)
    this.#tell()
  }

  /** Whether a file that belongs to it has come. */
  onFile(came: boolean): void {
    this.#fileMissing = !came
    this.#tell()
  }

  /** Outside of whatever Baileys does just then: its own reading holds a lock that this one needs. */
  look(now: number): void {
    const { resyncedAt, resyncEveryMs } = this.#deps
    if (this.#repairing) return
    const answer = this.#answers.shift()
    if (answer !== undefined) return void this.#recover(answer, now)
    for (const name of this.#damaged) {
      if (now - (resyncedAt.get(name) ?? -Infinity) < resyncEveryMs) continue
      // if it cannot be read, this is tried sooner
      resyncedAt.set(name, now - 0.9 * resyncEveryMs)
      return void this.#repair(name, now)
    }
  }

  stoodStill(): void {}

  async #repair(name: string, now: number): Promise<void> {
    const { log, resyncedAt } = this.#deps
    if (!isCollection(name)) return void this.#damaged.delete(name)
    this.#repairing = true
    try {
      await this.#restart(name, null)
      resyncedAt.set(name, now)
      if (this.#damaged.has(name)) await this.#askPhone(name)
      else log.info('app_state_repaired')
    } catch (error) {
      this.#damaged.add(name)
      log.warn('app_state_not_repaired', { code: errorCode(error) })
    }
    this.#repairing = false
    this.#tell()
  }

  /** Reads on from what a collection is said to be; `null`: nothing is known of it. */
  async #restart(name: WAPatchName, state: LTHashState | null): Promise<void> {
    const { keys, creds } = this.#deps.socket.authState
    const replace = async () => {
      // a reading that was under way may have found the same damage meanwhile
      this.#damaged.delete(name)
      await keys.set({ 'app-state-sync-version': { [name]: state } })
    }
    // in turn with all readings, as Baileys itself makes them
    await keys.transaction(replace, creds.me?.id ?? 'resync-app-state')
    await this.#deps.socket.resyncAppState([name], false)
  }

  async #askPhone(name: WAPatchName): Promise<void> {
    const { socket, log, askedPhone } = this.#deps
    log.info('app_state_stays_damaged')
    if (name === neverAsked) return
    // its answer may be faster than the word that the question has left
    askedPhone.add(name)
    await socket.sendPeerDataOperationMessage(recoveryRequest(name))
    log.info('app_state_asked_for')
  }

  /** What others send is dropped before, see `forged-message.ts`. */
  #hear({ key, message }: WAMessage): void {
    if (key.fromMe !== true || this.#answers.length >= this.#deps.askedPhone.size) return
    const answer = recoveryAnswer(message)
    if (answer !== null) this.#answers.push(answer)
  }

  async #recover(answer: RecoveryAnswer, now: number): Promise<void> {
    const { socket, log, resyncedAt, askedPhone } = this.#deps
    this.#repairing = true
    let recovered: WAPatchName | null = null
    try {
      const { name, state } = await recoveredCollection(answer, async id => {
        const { [id]: key } = await socket.authState.keys.get('app-state-sync-key', [id])
        return key?.keyData ?? undefined
      })
      if (!isCollection(name) || !askedPhone.delete(name)) throw new TypeError('nobody has asked for it')
      recovered = name
      this.#givenUp.delete(name)
      await this.#restart(name, state)
      resyncedAt.set(name, now)
      log.info(this.#damaged.has(name) ? 'app_state_stays_damaged' : 'app_state_recovered')
    } catch (error) {
      if (recovered !== null) this.#damaged.add(recovered)
      log.warn('app_state_not_recovered', { code: errorCode(error) })
    }
    this.#repairing = false
    this.#tell()
  }

  #count([sync]: BinaryNode[]): void {
    if (sync?.tag !== 'sync' || !Array.isArray(sync.content)) return
    for (const { tag, attrs } of sync.content) {
      const name = attrs['name']
      if (tag !== 'collection' || name === undefined) continue
      const promises = attrs['has_more_patches'] === 'true'
      const rounds = promises ? (this.#rounds.get(name) ?? 0) + 1 : 0
      this.#rounds.set(name, rounds % mostRounds)
      if (!promises) this.#endless.delete(name)
      if (rounds < mostRounds) continue
      attrs['has_more_patches'] = 'false'
      this.#endless.add(name)
      this.#tell()
    }
  }

  #tell(): void {
    const ill = this.#endless.size + this.#givenUp.size + this.#damaged.size > 0 || this.#repairing
    const health = this.#fileMissing || ill ? 'failing' : 'ok'
    if (this.#told === health) return
    this.#told = health
    this.#deps.onHealth(health)
  }
}

function isCollection(name: string): name is WAPatchName {
  return ALL_WA_PATCH_NAMES.some(known => known === name)
}
