import { S_WHATSAPP_NET, type BinaryNode, type WASocket } from '@whiskeysockets/baileys'
import { LogoutUnconfirmedError } from '../engine.js'

/** A server that is there answers within a second. */
export const removalLimitMs = 5_000

/**
 * Takes the device off its account. Baileys' own `logout` closes the line once the bytes are handed over, so a slow line loses them and
 * leaves a device that nobody has; this waits for the server's answer, or for its word that the device was removed.
 * @throws LogoutUnconfirmedError without either
 */
export async function removeDevice(socket: WASocket, jid: string): Promise<void> {
  let onRemoved = () => {}
  const removed = new Promise<string>(resolve => (onRemoved = () => resolve('removed')))
  socket.ws.on('CB:stream:error,code:401', onRemoved)
  try {
    const answer: unknown = await Promise.race([socket.query(removal(jid), removalLimitMs), removed])
    if (answer === undefined) throw new LogoutUnconfirmedError()
  } catch (error) {
    throw error instanceof LogoutUnconfirmedError ? error : new LogoutUnconfirmedError(error)
  } finally {
    socket.ws.off('CB:stream:error,code:401', onRemoved)
  }
}

function removal(jid: string): BinaryNode {
  return {
    tag: 'iq',
    attrs: { to: S_WHATSAPP_NET, type: 'set', xmlns: 'md' },
    content: [{ tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }],
  }
}
