import { generateMessageIDV2, proto } from '@whiskeysockets/baileys'
import type { BuiltMessage } from '../engine.js'

/** Builds a text once; every attempt to send it uses this id and these bytes. No link preview: nothing is fetched for a text. */
export function buildText(to: string, text: string, ownJid: string): BuiltMessage {
  const message = proto.Message.create({ extendedTextMessage: { text } })
  return { to, waMessageId: generateMessageIDV2(ownJid), proto: proto.Message.encode(message).finish() }
}

export function readBuilt(message: BuiltMessage): proto.IMessage {
  return proto.Message.decode(message.proto)
}
