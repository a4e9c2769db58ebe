import {
  normalizeMessageContent,
  processHistoryMessage,
  proto,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys'
import type { SessionHealth } from '../../../contract/sessions.js'
import { errorCode, type Log } from '../../log.js'
import { historyContent } from './history-blob.js'

export type HistoryImportDeps = {
  socket: WASocket
  /** Where files lie; `null`: nowhere, only what comes within the notice is read. */
  mediaUrl: string | null
  /** Longest time for one file. */
  downloadMs: number
  /** One file at a time over all connections of the process. */
  inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>
  log: Log
  onHealth: (health: SessionHealth['history']) => void
}

/**
 * Reads the history that a phone hands a new device, beside the messages and within limits. Baileys would do it while it handles the notice,
 * with every other message waiting behind it for as long as the download takes (reliability F-40), and a download that breaks off half way
 * would end the process. What is kept of it is who has which LID.
 */
export class HistoryImport {
  readonly #deps: HistoryImportDeps
  readonly #over = new AbortController()

  constructor(deps: HistoryImportDeps) {
    this.#deps = deps
    deps.socket.ev.on('messages.upsert', ({ messages }) => {
      for (const message of messages) this.#look(message)
    })
  }

  stop(): void {
    this.#over.abort()
  }

  #look({ key, message }: WAMessage): void {
    const notice = normalizeMessageContent(message)?.protocolMessage?.historySyncNotification
    // the whole history is for who shows chats
    if (!notice || key.fromMe !== true || notice.syncType === proto.Message.HistorySyncType.FULL) return
    void this.#deps.inTurn(() => this.#import(notice))
  }

  async #import(notice: proto.Message.IHistorySyncNotification): Promise<void> {
    const { socket, mediaUrl, downloadMs, log, onHealth } = this.#deps
    if (this.#over.signal.aborted) return
    onHealth('running')
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(downloadMs)])
    try {
      const history = proto.HistorySync.decode(await historyContent(notice, { mediaUrl, signal }))
      await socket.signalRepository.lidMapping.storeLIDPNMappings(processHistoryMessage(history).lidPnMappings)
      onHealth('ok')
    } catch (error) {
      if (this.#over.signal.aborted) return
      log.warn('history_not_read', { code: errorCode(error) })
      onHealth('failed')
    }
  }
}
