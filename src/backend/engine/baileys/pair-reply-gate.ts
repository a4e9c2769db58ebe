import type { WASocket } from '@whiskeysockets/baileys'

type RawSocket = { send(data: unknown, callback?: (error?: Error) => void): void }

/**
 * Holds back everything this socket sends after pair-success until the new credentials are stored. Baileys announces them and replies in the
 * same breath; a crash in between would leave a device on the account whose keys nobody has. The raw socket is gated because
 * Baileys captured its own `send` at construction. Must be installed before the handshake.
 */
export function gatePairReply(socket: WASocket, stored: () => Promise<void>): void {
  socket.ws.prependListener('CB:iq,,pair-success', () => {
    const raw = (socket.ws as unknown as { socket: RawSocket }).socket
    const send = raw.send.bind(raw)
    // Baileys changes the credentials in the listeners that run after this one, within this turn
    let previous: Promise<void> = new Promise<void>(resolve => queueMicrotask(resolve)).then(stored)
    raw.send = (data, callback) => {
      previous = previous.then(() => send(data, callback))
      // not stored: the socket is being cut and the reply must never leave
      previous.catch((error: unknown) => callback?.(error instanceof Error ? error : new Error('not stored')))
    }
  })
}
