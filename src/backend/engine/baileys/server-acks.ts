import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'
import type { SendOutcome } from '../engine.js'

/**
 * The server's verdicts on our messages, read off the wire: Baileys reports no positive ack as an event, and `sendMessage` resolves when
 * bytes were handed to the socket. One waiter per message id.
 */
export class ServerAcks {
  readonly #waiting = new Map<string, (outcome: SendOutcome) => void>()

  constructor(socket: WASocket) {
    socket.ws.on('CB:ack,class:message', (node: BinaryNode) => this.#settle(node))
  }

  /** Resolves with the verdict, or `unconfirmed` when the deadline passes or the line is lost. Register before the first byte leaves. */
  expect(waMessageId: string, deadlineMs: number): Promise<SendOutcome> {
    return new Promise(resolve => {
      const settle = (outcome: SendOutcome) => {
        clearTimeout(timer)
        this.#waiting.delete(waMessageId)
        resolve(outcome)
      }
      const timer = setTimeout(() => settle({ outcome: 'unconfirmed' }), deadlineMs)
      this.#waiting.set(waMessageId, settle)
    })
  }

  /** No verdict can come any more for this message. */
  abandon(waMessageId: string): void {
    this.#waiting.get(waMessageId)?.({ outcome: 'unconfirmed' })
  }

  /** The message that was written last of those that wait for their verdict. */
  latest(): string | undefined {
    return [...this.#waiting.keys()].at(-1)
  }

  /** The line is gone: no verdict can come any more for any. */
  abandonAll(): void {
    for (const settle of this.#waiting.values()) settle({ outcome: 'unconfirmed' })
  }

  #settle({ attrs }: BinaryNode): void {
    const settle = this.#waiting.get(attrs['id'] ?? '')
    settle?.(attrs['error'] === undefined ? { outcome: 'sent' } : { outcome: 'refused', code: attrs['error'] })
  }
}
