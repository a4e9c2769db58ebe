import { jidOf, type Family } from '../accounts/jid.js'
import type { Person } from '../accounts/person.js'
import { now } from '../stanzas/clock.js'
import { node, type Node } from '../wire/node-codec.js'
import { encryptFor } from './encrypt-for.js'
import { deviceSent, textMessage } from './message-content.js'
import type { PhoneDevice } from './phone-device.js'
import { messageId } from './send-peer.js'

/** Encrypts a text for every device of the recipient and every other own device, and sends it as one stanza. */
export async function sendText(phone: PhoneDevice, to: Person, text: string, family: Family): Promise<{ id: string }> {
  const id = messageId()
  const { person } = phone
  const content = textMessage(text)
  const ownCopy = deviceSent(jidOf(to, family), content)
  const devices = new Set([...to.devices(), ...person.devices()])
  devices.delete(phone)
  const copies: Node[] = []
  for (const device of devices) {
    const enc = await encryptFor(phone, device, device.person === person ? ownCopy : content)
    copies.push(node('to', { jid: jidOf(device.person, family, device.deviceId) }, [enc]))
  }
  const own = jidOf(person, 'pn')
  phone.inbox.add({ chat: jidOf(to, 'pn'), from: own, fromMe: true, id, text, timestamp: now() })
  phone.inbox.mark(id, 'sent')
  phone.sent.add({ id, family, chat: jidOf(to, 'pn'), content })
  const attrs = { id, to: jidOf(to, family), type: 'text' }
  phone.send(node('message', attrs, [node('participants', {}, copies)]))
  return { id }
}
