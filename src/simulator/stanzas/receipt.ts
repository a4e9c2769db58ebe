import type { Accounts } from '../accounts/accounts.js'
import { jidOf, parseJid, type Family } from '../accounts/jid.js'
import { Companion, type Endpoint } from '../accounts/person.js'
import type { QueuedTag } from '../accounts/stanza-queue.js'
import type { LedgerEvent } from '../ledger-lines.js'
import type { Problems } from '../problems.js'
import { child, children, node, type Node } from '../wire/node-codec.js'
import { now } from './clock.js'

export type ReceiptDeps = {
  accounts: Accounts
  problems: Problems
  note: (event: LedgerEvent) => void
}

/** Receipts that say "this message arrived here", in whatever words. */
const ARRIVED = new Set([undefined, 'inactive', 'sender', 'peer_msg', 'hist_sync'])
/** Receipts the author hears of, and the word it hears. */
const FORWARDED: Record<string, string | undefined> = { read: 'read', played: 'played' }

export function receiptAck(stanza: Node): Node {
  const { id, type, to, participant } = stanza.attrs
  return node('ack', { id, class: 'receipt', type, from: to, participant, t: now() })
}

/** Takes a receipt from any device: settles the delivery it confirms, and passes it on to whom it concerns. */
export function routeReceipt(deps: ReceiptDeps, sender: Endpoint, stanza: Node): void {
  const { id, type } = stanza.attrs
  const settled = ARRIVED.has(type) && sender instanceof Companion ? sender.queue.settle('message', id) : undefined
  if (settled && sender instanceof Companion) dealtWith(deps, sender, settled, stanza)
  if (type === 'retry') return forwardRetry(deps, sender, stanza)
  if (type === 'sender') return forwardSender(deps, sender, stanza, settled)
  if (type === undefined || type === 'inactive' || type in FORWARDED) forwardToAuthor(deps, sender, stanza)
}

/** Takes an acknowledgement: each settles one delivery of the stanza it names. */
export function settleAck(deps: ReceiptDeps, sender: Companion, ack: Node): void {
  const { class: tag, id, to, type, error } = ack.attrs
  if (error !== undefined && id !== undefined && sender.mishaps.stuck?.id === id) return
  if (tag !== 'message' && tag !== 'receipt' && tag !== 'notification') return
  const queued: QueuedTag = tag
  const settled = sender.queue.settle(queued, id, stanza => {
    const from = stanza.attrs['from']
    return queued === 'message' || ((to === undefined || from === to) && stanza.attrs['type'] === type)
  })
  if (settled) dealtWith(deps, sender, settled, ack)
}

/** What waited behind this stanza need not wait any longer. `word`: the receipt or ack that settled it */
function dealtWith({ note }: ReceiptDeps, { person, deviceId, mishaps }: Companion, settled: Node, word: Node): void {
  const { id } = settled.attrs
  const { type, error } = word.attrs
  if (mishaps.stuck?.id !== undefined && mishaps.stuck.id === id) delete mishaps.stuck
  note({
    kind: 'settled',
    account: person.phoneNumber,
    device: deviceId,
    tag: settled.tag,
    id: id ?? '',
    by: word.tag === 'ack' ? 'ack' : 'receipt',
    ...(type === undefined ? {} : { type }),
    ...(error === undefined ? {} : { error }),
  })
}

/** A retry receipt goes to the one device that encrypted the message, with the keys it carries. */
function forwardRetry(deps: ReceiptDeps, sender: Endpoint, stanza: Node): void {
  const to = parseJid(stanza.attrs['to'])
  const target = deps.accounts.endpoint(stanza.attrs['to'])
  if (!to || !target) return
  const { id, recipient, participant } = stanza.attrs
  const parts = [child(stanza, 'retry'), child(stanza, 'registration'), child(stanza, 'keys')]
  target.deliver(
    node(
      'receipt',
      { id, from: jidOf(sender.person, to.family, sender.deviceId), type: 'retry', t: now(), recipient, participant },
      parts.filter(part => part !== undefined),
    ),
  )
}

/** "My own message, sent elsewhere, arrived": for the own device that sent it, which some clients do not name. */
function forwardSender(deps: ReceiptDeps, sender: Endpoint, stanza: Node, settled: Node | undefined): void {
  const author = deps.accounts.endpoint(stanza.attrs['to'] ?? settled?.attrs['from'])
  const { id, recipient } = stanza.attrs
  const family = parseJid(recipient)?.family ?? 'pn'
  if (!author || author.person !== sender.person || author === sender) return
  const from = jidOf(sender.person, family, sender.deviceId)
  author.deliver(node('receipt', { id, from, type: 'sender', t: now(), recipient }))
}

/** Delivered, read or played: every device of the message's author learns it. */
function forwardToAuthor(deps: ReceiptDeps, sender: Endpoint, stanza: Node): void {
  const author = deps.accounts.find(stanza.attrs['to'])
  const family: Family = parseJid(stanza.attrs['to'])?.family ?? 'pn'
  if (!author || author === sender.person) return
  const content = idList(stanza)
  for (const device of author.devices()) {
    device.deliver(
      node(
        'receipt',
        {
          id: stanza.attrs['id'],
          from: jidOf(sender.person, family, sender.deviceId),
          type: FORWARDED[stanza.attrs['type'] ?? ''],
          t: now(),
        },
        content,
      ),
    )
  }
}

function idList(stanza: Node): Node[] | undefined {
  const list = child(stanza, 'list')
  return list ? [node('list', {}, children(list, 'item'))] : undefined
}
