import type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js'
import { errorCode, type Log } from '../../log.js'

/** A receipt or ack for this message leaves. `refused`: it says that the message could not be taken. */
export type OnAnswer = (messageId: string, refused: boolean) => void

export type LoggerEars = {
  onAnswer?: OnAnswer
  /**
   * Words of Baileys without the values beside them; it puts names of collections into them and nothing of anybody.
   * @param name what is called so beside them: of a collection where the words are about one
   */
  onWords?: (words: string, name?: string) => void
}

/**
 * Baileys logs whole stanzas, bodies included, on errors. Of all it says only the level and an error's class pass, and that it answers a
 * message, which it tells nowhere else. The level is fixed: Baileys builds trace texts only when it reads `trace` here.
 */
const deaf = () => {}

export function quietLogger(log: Log, { onAnswer = deaf, onWords = deaf }: LoggerEars = {}): ILogger {
  const hear = (...said: unknown[]) => {
    const name = (said[0] as { name?: unknown } | null)?.name
    for (const words of said) if (typeof words === 'string') onWords(words, typeof name === 'string' ? name : undefined)
  }
  const forward = (write: Log['warn'], event: string) => (fields: unknown, words?: unknown) => {
    hear(fields, words)
    const error =
      (fields as { err?: unknown; error?: unknown } | null)?.err ?? (fields as { error?: unknown } | null)?.error
    write(event, { code: errorCode(error) })
  }
  const nothing = () => {}
  const logger: ILogger = {
    level: 'warn',
    child: () => logger,
    trace: nothing,
    debug: (fields: unknown, words?: unknown) => tellAnswers(fields, words, onAnswer),
    info: hear,
    warn: forward(log.debug, 'engine_warning'),
    error: forward(log.debug, 'engine_error'),
  }
  return logger
}

type Answer = {
  recv?: { tag?: string; attrs?: { id?: string } }
  sent?: { error?: string }
  messageIds?: string[]
}

/** The words are those of `sendMessageAck` in Baileys' `Socket/messages-recv.js` and of `sendReceipt` in `messages-send.js`. */
function tellAnswers(fields: unknown, words: unknown, onAnswer: OnAnswer): void {
  if (words !== 'sent ack' && words !== 'sending receipt for messages') return
  const { recv, sent, messageIds } = fields as Answer
  for (const id of messageIds ?? []) onAnswer(id, false)
  if (recv?.tag === 'message' && recv.attrs?.id !== undefined) onAnswer(recv.attrs.id, sent?.error !== undefined)
}
