import { setTimeout as delay } from 'node:timers/promises'
import { getBinaryNodeChild, S_WHATSAPP_NET, type BinaryNode, type WASocket } from '@whiskeysockets/baileys'
import type { SessionHealth } from '../../../contract/sessions.js'
import { errorCode, type Log } from '../../log.js'

/** With fewer on WhatsApp's side, new contacts may soon not be able to begin a chat. */
const fewPreKeys = 10

/** Uploaded at once when there are few. */
const batch = 50

export type PreKeyWatchDeps = {
  socket: WASocket
  /** After a take-back: what WhatsApp has may be a bot's, which nobody here can answer for. */
  wantsFresh: () => boolean
  /** Before the first new try after one that failed; doubles with each, up to twenty times this. */
  retryMs: number
  log: Log
  onHealth: (health: SessionHealth['preKeys']) => void
}

/**
 * Keeps WhatsApp supplied with one-time keys. Baileys looks once at login and gives up after four tries, and again only when WhatsApp says so,
 * at five; this goes on until there are enough. No id gets a second key: all of them follow from the session's seed.
 */
export class PreKeyWatch {
  readonly #deps: PreKeyWatchDeps
  readonly #over = new AbortController()
  #lastSeen: number | null = null
  #told: SessionHealth['preKeys'] | null = null
  #working = false

  constructor(deps: PreKeyWatchDeps) {
    this.#deps = deps
    const { ws } = deps.socket
    ws.on('CB:iq,,count', (node: BinaryNode) => this.#see(node))
    ws.on('CB:notification,type:encrypt', (node: BinaryNode) => {
      this.#see(node)
      this.#begin()
    })
  }

  opened(): void {
    this.#begin()
  }

  stop(): void {
    this.#over.abort()
  }

  #see(node: BinaryNode): void {
    const value = Number(getBinaryNodeChild(node, 'count')?.attrs['value'])
    if (Number.isInteger(value)) this.#lastSeen = value
  }

  #begin(): void {
    if (this.#working) return
    this.#working = true
    void this.#supply().finally(() => (this.#working = false))
  }

  async #supply(): Promise<void> {
    const { signal } = this.#over
    // Baileys counts before it tops up, so few that were seen may be enough by now
    let count = this.#isFew(this.#lastSeen) ? await this.#count() : this.#lastSeen
    for (let failures = 0; !signal.aborted; failures++) {
      if (!this.#isFew(count) && !this.#deps.wantsFresh()) {
        if (count !== null) this.#tell('ok')
        return
      }
      if (failures === 0 && this.#isFew(count)) this.#tell('low')
      const uploaded = await this.#upload()
      count = (await this.#count()) ?? count
      if (uploaded && !this.#isFew(count)) continue
      if (!uploaded) this.#tell('upload_failing')
      const waitMs = this.#deps.retryMs * Math.min(20, 2 ** failures)
      await delay(waitMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  #isFew(count: number | null): boolean {
    return count !== null && count < fewPreKeys
  }

  async #count(): Promise<number | null> {
    const attrs = { to: S_WHATSAPP_NET, type: 'get', xmlns: 'encrypt' }
    try {
      await this.#deps.socket.query({ tag: 'iq', attrs, content: [{ tag: 'count', attrs: {} }] })
      return this.#lastSeen
    } catch {
      return null
    }
  }

  async #upload(): Promise<boolean> {
    try {
      await this.#deps.socket.uploadPreKeys(batch)
      return true
    } catch (error) {
      if (!this.#over.signal.aborted) this.#deps.log.warn('pre_keys_not_uploaded', { code: errorCode(error) })
      return false
    }
  }

  #tell(health: SessionHealth['preKeys']): void {
    if (this.#told === health || this.#over.signal.aborted) return
    this.#told = health
    this.#deps.onHealth(health)
  }
}
