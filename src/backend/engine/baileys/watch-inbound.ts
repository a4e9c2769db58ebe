import { buildAckStanza, type BinaryNode, type WASocket } from '@whiskeysockets/baileys'
import type { EngineEvent } from '../engine.js'
import { errorCode, type Log } from '../../log.js'
import type { WatchLimits } from './watch-limits.js'
import type { SessionMemory } from './watch-memory.js'
import { PipelineWatch } from './watch-pipeline.js'
import type { Watched } from './watch-round.js'
import { SilenceWatch } from './watch-silence.js'

/** Connections in a row on which a message was told first and refused, before it is given up. */
const refusalsBefore = 3

/** Connections in a row that were cut as deaf, before the session is called that. */
const deafBefore = 2

export type InboundWatchDeps = {
  socket: WASocket
  /** Of the session, over all its connections. */
  memory: SessionMemory
  limits: WatchLimits
  now: () => number
  log: Log
  emit: (event: EngineEvent) => void
  /** Nothing gets through: the connection is to be made anew. */
  onDeaf: () => void
}

/**
 * Finds a connection deaf that looks alive (reliability F-17): messages that come and are never handled, messages that are announced and never
 * come, and silence of unusual length.
 */
export class InboundWatch implements Watched {
  readonly #deps: InboundWatchDeps
  readonly #pipeline: PipelineWatch
  readonly #silence: SilenceWatch
  /** The first message of those that waited for this login. */
  #first: BinaryNode | null = null
  #openedAt: number | null = null
  #allTold = false
  #paused = false
  #over = false

  constructor(deps: InboundWatchDeps) {
    this.#deps = deps
    const { socket, memory, limits, now } = deps
    this.#pipeline = new PipelineWatch(limits)
    this.#silence = new SilenceWatch(memory, limits.silence, now())
    socket.ws.prependListener('CB:message', (node: BinaryNode) => this.#onMessage(node))
    for (const tag of ['message', 'receipt', 'notification'])
      socket.ws.on(`CB:${tag}`, () => this.#silence.heard(now()))
    socket.ws.on('CB:ib,,offline_preview', (node: BinaryNode) => this.#onPreview(node))
    socket.ws.on('CB:ib,,offline', () => (this.#allTold = true))
  }

  opened(): void {
    this.#openedAt = this.#deps.now()
  }

  /** Our decryption has got this message. */
  reached(id: string): void {
    this.#pipeline.reached(id, this.#deps.now())
  }

  /** A receipt or ack for this message is on its way. @param refused it says that the message could not be taken */
  answered(id: string, refused: boolean): void {
    // what a connection that has ended finishes late says nothing of the next one
    if (this.#over) return
    const { memory } = this.#deps
    this.#pipeline.answered(id, this.#deps.now())
    if (memory.deafInARow >= deafBefore) this.#deps.emit({ type: 'health', health: { inbound: 'ok' } })
    memory.deafInARow = 0
    if (id !== this.#first?.attrs['id']) return
    if (refused) this.#onRefusal(this.#first)
    else memory.first = null
  }

  /** The line stands still on purpose: what passes counts for nothing until `resume`. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.stoodStill()
  }

  stoodStill(): void {
    const now = this.#deps.now()
    this.#pipeline.restart(now)
    this.#silence.restart(now)
  }

  /** The connection has ended. */
  stop(): void {
    this.#over = true
  }

  look(now: number): void {
    if (this.#openedAt === null || this.#paused || this.#over) return
    if (!this.#allTold && now - this.#openedAt > this.#deps.limits.bufferMs) {
      this.#allTold = true
      this.#deps.socket.ev.flush()
    }
    const stuck = this.#pipeline.stuck(now)
    if (stuck !== null) return this.#onStuck(stuck)
    if (!this.#silence.isSilent(now)) return
    this.#silence.giveUp(now)
    this.#cut('silent')
  }

  #onPreview({ content }: BinaryNode): void {
    const [preview] = Array.isArray(content) ? content : []
    if (Number(preview?.attrs['message']) > 0) this.#pipeline.announced(this.#deps.now())
  }

  #onMessage(node: BinaryNode): void {
    const { id, offline } = node.attrs
    if (id === undefined) return
    const encrypted = Array.isArray(node.content) && node.content.some(({ tag }) => tag === 'enc')
    const waited = offline !== undefined
    if (waited) this.#first ??= node
    this.#pipeline.arrived(id, { waited, encrypted }, this.#deps.now())
  }

  #onStuck(id: string): void {
    const { memory } = this.#deps
    memory.deafInARow++
    if (memory.deafInARow >= deafBefore) this.#deps.emit({ type: 'health', health: { inbound: 'deaf' } })
    if (this.#first !== null && id === this.#first.attrs['id']) this.#onRefusal(this.#first)
    this.#cut(id === '' ? 'withheld' : 'stuck')
  }

  /**
   * WhatsApp may hold back everything behind a message until it is acknowledged without an error. One that was first and refused connection
   * after connection is acknowledged so, unread: better one message lost than all.
   */
  #onRefusal(first: BinaryNode): void {
    const { memory, socket, log, emit } = this.#deps
    const id = first.attrs['id'] ?? ''
    memory.first = { id, refused: memory.first?.id === id ? memory.first.refused + 1 : 1 }
    if (memory.first.refused < refusalsBefore) return
    memory.first = null
    log.error('stanza_given_up', { code: 'queue_withheld' })
    emit({ type: 'stanza_given_up' })
    socket
      .sendNode(buildAckStanza(first, undefined, socket.user?.id))
      .catch((error: unknown) => log.warn('stanza_not_given_up', { code: errorCode(error) }))
  }

  #cut(code: string): void {
    this.#over = true
    this.#deps.log.warn('connection_deaf', { code })
    this.#deps.onDeaf()
  }
}
