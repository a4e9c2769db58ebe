import { jidOf, parseJid } from '../accounts/jid.js'
import type { Endpoint } from '../accounts/person.js'
import { readBundle } from '../accounts/pre-keys.js'
import { child, children, childUInt, node, type Node } from '../wire/node-codec.js'
import { encryptFor } from './encrypt-for.js'
import { deviceSent } from './message-content.js'
import type { PhoneDevice } from './phone-device.js'

/** Moves own messages forward, and answers a device that could not read one. */
export async function receiveReceipt(phone: PhoneDevice, stanza: Node): Promise<void> {
  const { id = '', type, from } = stanza.attrs
  if (type === 'retry') {
    const requester = phone.deps.accounts().endpoint(from)
    if (requester) await resend(phone, requester, stanza)
    return
  }
  if (type === 'sender') return
  const ids = [id, ...children(child(stanza, 'list'), 'item').map(item => item.attrs['id'] ?? '')]
  for (const each of ids) phone.inbox.mark(each, type === undefined ? 'delivered' : 'read')
}

/** The same message under the same id, in a session made anew, for the one device that asked. */
async function resend(phone: PhoneDevice, requester: Endpoint, stanza: Node): Promise<void> {
  const { id = '' } = stanza.attrs
  const message = phone.sent.again(id, `${requester.person.lidUser}:${requester.deviceId}`)
  if (!message) return
  const chat = phone.deps.accounts().find(message.chat)
  if (!chat) return
  const bundle = readBundle(child(stanza, 'keys'), childUInt(stanza, 'registration'))
  if (bundle) await phone.sessions.begin(requester, bundle)
  else phone.sessions.forget(requester)
  const own = requester.person === phone.person
  const family = parseJid(stanza.attrs['from'])?.family ?? message.family
  const content = own ? deviceSent(jidOf(chat, family), message.content) : message.content
  const enc = await encryptFor(phone, requester, content, { count: child(stanza, 'retry')?.attrs['count'] ?? 1 })
  const to = jidOf(requester.person, family, requester.deviceId)
  phone.send(node('message', { id, to, type: 'text', recipient: own ? jidOf(chat, family) : undefined }, [enc]))
}
