import { jidOf, parseJid } from '../accounts/jid.js'
import type { Endpoint } from '../accounts/person.js'
import { bundleNodes } from '../accounts/pre-keys.js'
import { bigEndian, bytesOf, children, node, type Node } from '../wire/node-codec.js'
import { proto } from '../wire/protobuf.js'
import { answerRecovery } from './app-state-recovery.js'
import type { Arrival } from './inbox.js'
import { shownText } from './message-content.js'
import type { PhoneDevice } from './phone-device.js'

const MAX_RETRIES = 5

type Reading = { message: proto.Message } | { failure: string }

/** Reads a message with what keys the phone really has, shows it, and tells the sender how it went. */
export async function receiveMessage(phone: PhoneDevice, stanza: Node): Promise<void> {
  const sender = phone.deps.accounts().endpoint(stanza.attrs['from'])
  if (!sender) return
  const reading = await read(phone, sender, stanza)
  const own = sender.person === phone.person
  const peer = stanza.attrs['category'] === 'peer'
  if ('failure' in reading) {
    if (!peer && show(phone, sender, stanza, { undecryptable: reading.failure })) askAgain(phone, sender, stanza)
    return
  }
  const message = reading.message.deviceSentMessage?.message ?? reading.message
  const text = shownText(message)
  if (text !== undefined) show(phone, sender, stanza, { text })
  const { id, from = '', recipient } = stanza.attrs
  const companion = phone.person.companions.get(sender.deviceId)
  if (peer && own && companion) return answerRecovery(phone, companion, id ?? '', message)
  if (peer) return
  if (own) phone.send(node('receipt', { id, to: from, type: 'sender', recipient }))
  else phone.send(node('receipt', { id, to: jidOf(sender.person, parseJid(from)?.family ?? 'pn') }))
}

async function read(phone: PhoneDevice, sender: Endpoint, stanza: Node): Promise<Reading> {
  let failure = 'no encrypted part'
  for (const enc of children(stanza, 'enc')) {
    const body = bytesOf(enc)
    if (!body) continue
    try {
      const plaintext = await phone.sessions.decrypt(sender, enc.attrs['type'], body)
      return { message: proto.Message.decode(plaintext) }
    } catch (error) {
      failure = error instanceof Error ? error.message : 'unreadable'
    }
  }
  return { failure }
}

/** Adds the bubble; false when a readable copy is there already, so that a failed second copy needs no retry. */
function show(
  phone: PhoneDevice,
  sender: Endpoint,
  stanza: Node,
  what: { text: string | null } | { undecryptable: string },
): boolean {
  const { person, inbox, deps } = phone
  const fromMe = sender.person === person
  const partner = fromMe ? (deps.accounts().find(stanza.attrs['recipient']) ?? person) : sender.person
  const place = { chat: jidOf(partner, 'pn'), from: jidOf(sender.person, 'pn'), id: stanza.attrs['id'] ?? '' }
  const readable = (inbox.find(place.chat, place.from, place.id)?.copies ?? 0) > 0
  const arrival: Arrival = { ...place, fromMe, timestamp: Number(stanza.attrs['t'] ?? 0), ...what }
  if (!inbox.add(arrival)) {
    const subject = { account: sender.person.phoneNumber, device: sender.deviceId }
    deps.problems.violation('one message id with two different texts', subject)
  }
  return !readable
}

/** A retry receipt with fresh keys, to the device that encrypted the message. */
function askAgain(phone: PhoneDevice, sender: Endpoint, stanza: Node): void {
  const { id = '', from = '', t, recipient } = stanza.attrs
  const asked = Number(children(stanza, 'enc')[0]?.attrs['count'] ?? 0)
  if (asked >= MAX_RETRIES) return
  const [registration, ...keys] = bundleNodes(phone.takeBundle())
  phone.send(
    node(
      'receipt',
      { id, to: jidOf(sender.person, parseJid(from)?.family ?? 'pn', sender.deviceId), type: 'retry', recipient },
      [
        node('retry', { count: asked + 1, id, t, v: 1, error: 0 }),
        registration ?? node('registration', {}, bigEndian(phone.keys.registrationId, 4)),
        node('keys', {}, keys),
      ],
    ),
  )
}
