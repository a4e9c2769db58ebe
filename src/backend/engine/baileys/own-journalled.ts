import type { InboundMessage } from '../engine.js'
import type { JournalledMessage } from '../keystore.js'
import { inboundMessage } from './inbound-message.js'
import { decodePadded } from './own-key-share.js'

/**
 * Rebuilds a message of the account's own devices. That it is theirs shows in the recipient: Baileys refuses a stanza that has one and
 * comes from anybody else before it decrypts it (`lib/Utils/decode-wa-message.js`), so none is journalled.
 */
export function readOwnJournalled({ plaintext, stanza }: JournalledMessage): InboundMessage | null {
  const decoded = decodePadded(plaintext)
  const message = decoded?.deviceSentMessage?.message ?? decoded
  if (message === null || message === undefined || stanza.recipient === null) return null
  return inboundMessage({
    key: { id: stanza.id, remoteJid: stanza.recipient, fromMe: true, participant: stanza.from },
    message,
    messageTimestamp: stanza.timestamp,
  })
}
