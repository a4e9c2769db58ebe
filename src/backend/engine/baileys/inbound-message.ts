import { getContentType, normalizeMessageContent, type WAMessage } from '@whiskeysockets/baileys'
import type { InboundMessage } from '../engine.js'
import { withoutDevice } from './jid.js'

/**
 * A message as Baileys upserts it, live or from the offline queue, in the port's words.
 * @returns `null` for plumbing between the account's own devices, which is no message to anybody
 */
export function inboundMessage(message: WAMessage): InboundMessage | null {
  const { key } = message
  if (!key.id || !key.remoteJid) return null
  const content = contentOf(message)
  if (content === null) return null
  const chat = withoutDevice(key.remoteJid)
  return {
    waMessageId: key.id,
    chat,
    // Baileys leaves an empty one in a chat of two
    author: withoutDevice(key.participant || key.remoteJid),
    fromMe: key.fromMe === true,
    timestamp: Number(message.messageTimestamp ?? 0),
    pushName: message.pushName ?? null,
    content,
  }
}

function contentOf({ message, messageStubType }: WAMessage): InboundMessage['content'] | null {
  const normalized = normalizeMessageContent(message)
  if (!normalized) return messageStubType ? { kind: 'undecryptable' } : null
  const type = getContentType(normalized)
  if (type === undefined || type === 'protocolMessage') return null
  const text = normalized.conversation ?? normalized.extendedTextMessage?.text
  return text === null || text === undefined ? { kind: 'other', type } : { kind: 'text', text }
}
