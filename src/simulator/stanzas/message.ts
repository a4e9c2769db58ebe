import type { Accounts } from '../accounts/accounts.js'
import { jidOf, parseJid, type Family } from '../accounts/jid.js'
import type { Endpoint, Person } from '../accounts/person.js'
import type { Problems } from '../problems.js'
import type { RatchetWatch } from '../ratchet-watch.js'
import { child, children, node, type Node } from '../wire/node-codec.js'
import { now } from './clock.js'

export type MessageDeps = { accounts: Accounts; problems: Problems; ratchets: RatchetWatch }

/** One encrypted copy of a message and the device it is for. */
type Copy = { target: Endpoint; enc: Node[] }

type Route = { sender: Endpoint; family: Family; chat: Person; stanza: Node }

/** What the server answers to a message, at once: it took it. An `error` refuses it. */
export function messageAck(stanza: Node, error?: number): Node {
  const { id, to, participant } = stanza.attrs
  return node('ack', { id, class: 'message', from: to, participant, t: now(), error })
}

/**
 * Takes a message from any device and puts each copy into the letter box of the device it was encrypted for. Three forms:
 * copies for many devices under `participants`; one copy for one device (a resend); a peer message for the own phone.
 */
export function routeMessage(deps: MessageDeps, sender: Endpoint, stanza: Node): void {
  const subject = { account: sender.person.phoneNumber, device: sender.deviceId }
  const to = parseJid(stanza.attrs['to'])
  const addressee = deps.accounts.find(stanza.attrs['to'])
  if (!to) return deps.problems.unhandled(`message to ${server(stanza.attrs['to'])}`, subject)
  if (!addressee) return deps.problems.violation('message to a number that is not on WhatsApp', subject)
  if (addressee !== sender.person) {
    addressee.contacts.add(sender.person.phoneNumber)
    sender.person.contacts.add(addressee.phoneNumber)
  }
  const direct = children(stanza, 'enc')
  const chat = deps.accounts.find(stanza.attrs['recipient']) ?? addressee
  const route: Route = { sender, family: to.family, chat, stanza }
  const copies = direct.length > 0 ? directCopy(addressee, to.device, direct) : fanOut(deps, stanza)
  for (const copy of copies) {
    deps.ratchets.check(sender, copy.target, copy.enc, stanza.attrs['id'])
    if (needsIdentity(sender, copy) && !child(stanza, 'device-identity')) {
      deps.problems.violation('pkmsg of a companion without its device identity', subject)
    }
    copy.target.deliver(deliveredForm(route, copy))
  }
}

function server(jid: string | undefined): string {
  return jid === undefined ? 'nobody' : jid.slice(jid.indexOf('@'))
}

function directCopy(person: Person, device: number, enc: Node[]): Copy[] {
  const target = person.endpoint(device)
  return target ? [{ target, enc }] : []
}

/** Devices that are gone meanwhile are skipped, as the sender's list may be minutes old. */
function fanOut(deps: MessageDeps, stanza: Node): Copy[] {
  return children(child(stanza, 'participants'), 'to').flatMap(to => {
    const target = deps.accounts.endpoint(to.attrs['jid'])
    return target ? [{ target, enc: children(to, 'enc') }] : []
  })
}

function needsIdentity(sender: Endpoint, copy: Copy): boolean {
  return sender.deviceId !== 0 && copy.enc.some(enc => enc.attrs['type'] === 'pkmsg')
}

/** The stanza as the receiving device gets it: who sent it, by both names, and to which own chat it belongs. */
function deliveredForm({ sender, family, chat, stanza }: Route, { target, enc }: Copy): Node {
  const { id, type, edit, category } = stanza.attrs
  const other: Family = family === 'pn' ? 'lid' : 'pn'
  const own = target.person === sender.person
  const inChat = own && category !== 'peer'
  const identity = enc.some(part => part.attrs['type'] === 'pkmsg') ? child(stanza, 'device-identity') : undefined
  return node(
    'message',
    {
      id,
      from: jidOf(sender.person, family, sender.deviceId),
      type,
      t: now(),
      edit,
      category,
      notify: own ? undefined : sender.person.name,
      recipient: inChat ? jidOf(chat, family) : undefined,
      [`peer_recipient_${other}`]: inChat ? jidOf(chat, other) : undefined,
      [`sender_${other}`]: own ? undefined : jidOf(sender.person, other),
      addressing_mode: !own && family === 'lid' ? 'lid' : undefined,
    },
    identity ? [...enc, identity] : enc,
  )
}
