import { EventEmitter } from 'node:events'
import makeWASocket, { type UserFacingSocketConfig, type WASocket } from '@whiskeysockets/baileys'

type Rejection = (error: unknown, event: string) => void

const rejection = Symbol.for('nodejs.rejection')

/**
 * Baileys' socket whose async listeners cannot take the process down: a frame that cannot be decoded rejects inside one and would end as
 * an unhandled rejection. Node's own capture of rejections is switched on for the emitters made here, and for no others.
 */
export function openGuardedSocket(config: UserFacingSocketConfig, onRejection: Rejection): WASocket {
  const before = EventEmitter.captureRejections
  EventEmitter.captureRejections = true
  try {
    const socket = makeWASocket(config)
    Object.assign(socket.ws, { [rejection]: onRejection })
    return socket
  } finally {
    EventEmitter.captureRejections = before
  }
}
