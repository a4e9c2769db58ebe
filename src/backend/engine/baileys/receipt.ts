import { proto } from '@whiskeysockets/baileys'
import type { EngineEvent } from '../engine.js'
import { withoutDevice } from './jid.js'

type Receipt = Extract<EngineEvent, { type: 'receipt' }>

const { DELIVERY_ACK, PLAYED, READ, SERVER_ACK } = proto.WebMessageInfo.Status

const kinds: Partial<Record<number, Receipt['kind']>> = {
  [SERVER_ACK]: 'sender',
  [DELIVERY_ACK]: 'delivered',
  [READ]: 'read',
  [PLAYED]: 'played',
}

/** @returns null for a status that is nobody's receipt */
export function receiptOf(
  key: proto.IMessageKey,
  status: proto.WebMessageInfo.Status | null | undefined,
): Receipt | null {
  const kind = kinds[status ?? -1]
  if (kind === undefined || !key.id || !key.remoteJid) return null
  return { type: 'receipt', waMessageId: key.id, chat: withoutDevice(key.remoteJid), kind }
}
