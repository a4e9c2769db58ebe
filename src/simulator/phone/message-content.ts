import { proto } from '../wire/protobuf.js'

/** What the phone would show of a message: its text, null for a kind without one, undefined when there is nothing to show. */
export function shownText(message: proto.IMessage | null | undefined): string | null | undefined {
  if (!message) return undefined
  const inner = message.ephemeralMessage?.message ?? message.documentWithCaptionMessage?.message
  if (inner) return shownText(inner)
  if (message.protocolMessage) return undefined
  const text = message.conversation ?? message.extendedTextMessage?.text
  if (text !== null && text !== undefined) return text
  const kinds = Object.keys(message).filter(kind => !BOOKKEEPING.has(kind))
  return kinds.length > 0 ? null : undefined
}

/** Parts that travel along with a message and are not one. */
const BOOKKEEPING = new Set(['messageContextInfo', 'senderKeyDistributionMessage'])

export function textMessage(text: string): Buffer {
  return Buffer.from(proto.Message.encode({ conversation: text }).finish())
}

/** The form own devices get: the message, and the chat it was sent to. */
export function deviceSent(chatJid: string, content: Buffer): Buffer {
  const message = proto.Message.decode(content)
  const wrapped = { deviceSentMessage: { destinationJid: chatJid, message } }
  return Buffer.from(proto.Message.encode(wrapped).finish())
}
