import type { WASocket } from '@whiskeysockets/baileys'
import { errorCode, type Log } from '../../log.js'
import type { BuiltMessage } from '../engine.js'
import { readBuilt } from './text-message.js'

/** @returns false when it failed. Whether bytes left is unknown then; the next attempt uses the same id and bytes, so it does not matter. */
export async function relay(socket: WASocket, message: BuiltMessage, log: Log): Promise<boolean> {
  try {
    await socket.relayMessage(message.to, readBuilt(message), { messageId: message.waMessageId })
    return true
  } catch (error) {
    log.warn('send_failed', { code: errorCode(error) })
    return false
  }
}
