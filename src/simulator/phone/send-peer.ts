import { randomBytes } from 'node:crypto'
import { jidOf } from '../accounts/jid.js'
import type { Companion, Person } from '../accounts/person.js'
import { node, type Node } from '../wire/node-codec.js'
import { proto } from '../wire/protobuf.js'
import { encryptFor } from './encrypt-for.js'
import type { PhoneDevice } from './phone-device.js'

export type ProtocolMessage = proto.Message.IProtocolMessage

export function messageId(): string {
  return `3A${randomBytes(9).toString('hex').toUpperCase()}`
}

/** A peer message: phone to own companion, shown to nobody. */
export async function sendPeer(phone: PhoneDevice, companion: Companion, message: ProtocolMessage): Promise<void> {
  const enc = await encryptFor(phone, companion, bytesOf(message))
  const to = jidOf(phone.person, 'pn', companion.deviceId)
  phone.send(node('message', { id: messageId(), to, type: 'text', category: 'peer' }, [enc]))
}

/** The same content as an ordinary message, to the companions of anybody. */
export async function sendToCompanions(phone: PhoneDevice, person: Person, message: ProtocolMessage): Promise<void> {
  const copies: Node[] = []
  for (const companion of person.companions.values()) {
    if (!companion.confirmed) continue
    const enc = await encryptFor(phone, companion, bytesOf(message))
    copies.push(node('to', { jid: jidOf(person, 'pn', companion.deviceId) }, [enc]))
  }
  const attrs = { id: messageId(), to: jidOf(person, 'pn'), type: 'text' }
  phone.send(node('message', attrs, [node('participants', {}, copies)]))
}

function bytesOf(protocolMessage: ProtocolMessage): Buffer {
  return Buffer.from(proto.Message.encode({ protocolMessage }).finish())
}
