import type { Companion } from '../accounts/person.js'
import { child, children, node, type Node } from '../wire/node-codec.js'
import type { Client } from './client.js'
import { now } from './clock.js'
import { deliverBatch, goOn, type DeliveryDeps } from './delivery.js'
import { iqError, iqKey, IqRefusal, iqResult, type IqTable } from './iq.js'
import type { Rejections } from '../rejections.js'
import { messageAck, routeMessage, type MessageDeps } from './message.js'
import type { Pairing } from './pairing.js'
import type { PairingCodes } from './pairing-codes.js'
import { receiptAck, routeReceipt, settleAck, type ReceiptDeps } from './receipt.js'

export type RouterDeps = MessageDeps &
  ReceiptDeps &
  DeliveryDeps & {
    pairing: Pairing
    codes: PairingCodes
    rejections: Rejections
    requests: IqTable
    changed: () => void
  }

/** Children of `<ib>` a client may send; only the first needs anything done. */
const INFORMATION = new Set(['offline_batch', 'unified_session'])

/** Nothing has to follow from these while a device is being linked; acks are for the notifications it got. */
const IGNORED_WHILE_LINKING = new Set(['ack', 'ib', 'presence'])

/** Every stanza a client sends comes through here; what nobody knows is recorded, and answered emptily so that the client goes on. */
export function createRouter(deps: RouterDeps): (client: Client, stanza: Node) => void {
  return (client, stanza) => {
    const { companion } = client
    if (client.link) linking(deps, client, client.link, stanza)
    else if (companion) linked(deps, client, companion, stanza)
  }
}

function linking(deps: RouterDeps, client: Client, link: NonNullable<Client['link']>, stanza: Node): void {
  const isReply = stanza.tag === 'iq' && stanza.attrs['type'] === 'result'
  if (isReply && child(stanza, 'pair-device-sign')) {
    deps.pairing.confirm(link, stanza)
  } else if (isReply && stanza.attrs['id'] === link.offer) deps.pairing.shown(link)
  else if (isReply || IGNORED_WHILE_LINKING.has(stanza.tag)) return
  else if (stanza.tag === 'iq' && iqKey(stanza) === 'set md link_code_companion_reg') deps.codes.request(link, stanza)
  else if (stanza.tag === 'iq' && iqKey(stanza).startsWith('get w:p')) client.send(iqResult(stanza))
  else unknown(deps, client, stanza)
}

function linked(deps: RouterDeps, client: Client, companion: Companion, stanza: Node): void {
  const farewell = deps.rejections.of(companion, stanza)
  if (farewell) return client.dismiss(farewell)
  switch (stanza.tag) {
    case 'iq':
      return request(deps, client, companion, stanza)
    case 'message':
      return message(deps, client, companion, stanza)
    case 'receipt':
      routeReceipt(deps, companion, stanza)
      client.send(receiptAck(stanza))
      goOn(deps, client)
      return deps.changed()
    case 'ack':
      settleAck(deps, companion, stanza)
      goOn(deps, client)
      return deps.changed()
    case 'ib':
      return information(deps, client, stanza)
    case 'presence':
    case 'chatstate':
      return
    case 'call':
      return client.send(node('ack', { id: stanza.attrs['id'], class: 'call', from: stanza.attrs['to'], t: now() }))
    default:
      unknown(deps, client, stanza)
  }
}

function message(deps: RouterDeps, client: Client, companion: Companion, stanza: Node): void {
  const who = { phone: companion.person.phoneNumber, device: companion.deviceId }
  if (deps.incidents.strike('message', client, who, stanza)) return
  const { refusal } = companion.mishaps
  delete companion.mishaps.refusal
  if (refusal === undefined) routeMessage(deps, companion, stanza)
  client.send(messageAck(stanza, refusal))
  deps.changed()
}

function information(deps: RouterDeps, client: Client, stanza: Node): void {
  const [first] = children(stanza)
  if (first?.tag === 'offline_batch') deliverBatch(deps, client)
  else if (!first || !INFORMATION.has(first.tag)) unknown(deps, client, stanza)
}

function request(deps: RouterDeps, client: Client, companion: Companion, iq: Node): void {
  const { type } = iq.attrs
  if (type === 'result' || type === 'error') return
  const handler = deps.requests.get(iqKey(iq))
  if (!handler) return unknown(deps, client, iq)
  const afterwards: (() => void)[] = []
  try {
    const [first] = children(iq)
    const answer = handler({ companion, client, iq, child: first, afterwards: act => void afterwards.push(act) })
    if (answer !== 'silence') client.send(iqResult(iq, answer))
  } catch (error) {
    if (!(error instanceof IqRefusal)) throw error
    client.send(iqError(iq, error))
  }
  for (const act of afterwards) act()
}

function unknown(deps: RouterDeps, client: Client, stanza: Node): void {
  const { companion } = client
  const what = stanza.tag === 'iq' ? `iq ${iqKey(stanza)}` : `${stanza.tag}/${children(stanza)[0]?.tag ?? ''}`
  const subject = companion ? { account: companion.person.phoneNumber, device: companion.deviceId } : {}
  deps.problems.unhandled(what, subject)
  if (stanza.tag === 'iq') client.send(iqResult(stanza))
}
