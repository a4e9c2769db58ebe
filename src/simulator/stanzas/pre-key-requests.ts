import type { Accounts } from '../accounts/accounts.js'
import { parseJid, SERVER } from '../accounts/jid.js'
import { Companion } from '../accounts/person.js'
import {
  bundleNodes,
  keyPrint,
  readPreKey,
  readSignedPreKey,
  type KeyBundle,
  type PublicPreKey,
} from '../accounts/pre-keys.js'
import type { LedgerEvent } from '../ledger-lines.js'
import type { Problems } from '../problems.js'
import { signalKey, verify } from '../wire/curve.js'
import { child, childBytes, childUInt, children, node, type Node } from '../wire/node-codec.js'
import { now } from './clock.js'
import { IqRefusal, type IqHandler, type IqTable } from './iq.js'

/** Clients upload more when told that fewer than this are left. */
const LOW = 5
const LOW_ID = 'pre-keys-low-'

export type PreKeyDeps = {
  accounts: Accounts
  problems: Problems
  changed: () => void
  note: (event: LedgerEvent) => void
}

/** Counting, uploading, rotating, handing out. */
export function preKeyRequests(deps: PreKeyDeps): IqTable {
  const { accounts } = deps
  return new Map<string, IqHandler>([
    ['get encrypt count', ({ companion }) => [node('count', { value: countFor(companion) })]],
    ['get encrypt digest', ({ companion }) => [digest(companion)]],
    ['set encrypt registration', ({ companion, client, iq }) => upload(deps, companion, client.connection.id, iq)],
    [
      'set encrypt rotate',
      ({ companion, client, child: rotate }) =>
        replaceSigned(deps, companion, client.connection.id, child(rotate, 'skey'), []),
    ],
    [
      'get encrypt key',
      ({ child: request }) => {
        const jids = new Set(children(request, 'user').map(user => user.attrs['jid'] ?? ''))
        const users = [...jids].flatMap(jid => {
          const bundle = takeBundle(accounts, jid)
          return bundle ? [node('user', { jid }, bundleNodes(bundle))] : []
        })
        deps.changed()
        return [node('list', {}, users)]
      },
    ],
  ])
}

/** One device's public keys with one one-time key, which is gone then; undefined for a device that does not exist. */
export function takeBundle(accounts: Accounts, jid: string): KeyBundle | undefined {
  const person = accounts.find(jid)
  const device = person?.endpoint(parseJid(jid)?.device ?? 0)
  if (device instanceof Companion) return companionBundle(device)
  return device === undefined ? undefined : person?.phone.takeBundle()
}

export function companionBundle(companion: Companion): KeyBundle {
  const { registrationId, identity, signedPreKey } = companion.details
  const preKey = companion.preKeys.take()
  if (companion.preKeys.count < LOW) warnLow(companion)
  return { registrationId, identity, signedPreKey, ...(preKey ? { preKey } : {}) }
}

/** A device that never uploaded is about to, and one that was told needs no second word. */
function warnLow(companion: Companion): void {
  const { count, total } = companion.preKeys
  const waiting = companion.queue.all().some(stanza => stanza.attrs['id']?.startsWith(LOW_ID))
  if (waiting || total === 0) return
  const attrs = { type: 'encrypt', from: SERVER, id: `${LOW_ID}${companion.deviceId}-${total - count}`, t: now() }
  companion.deliver(node('notification', attrs, [node('count', { value: count })]))
}

function digest(companion: Companion): Node {
  const { registrationId, identity, signedPreKey } = companion.details
  return node('digest', {}, bundleNodes({ registrationId, identity, signedPreKey }))
}

/** How many one-time keys are left, or what a test wants the device to believe. */
function countFor({ mishaps, preKeys }: Companion): number {
  const { falseCount } = mishaps
  if (!falseCount || falseCount.left === 0) return preKeys.count
  falseCount.left--
  return falseCount.value
}

function upload(deps: PreKeyDeps, companion: Companion, connection: number, iq: Node): 'silence' | undefined {
  const subject = { account: companion.person.phoneNumber, device: companion.deviceId }
  const { failingUploads } = companion.mishaps
  if (failingUploads && failingUploads.left > 0) {
    failingUploads.left--
    const { code } = failingUploads
    const keys = children(child(iq, 'list'), 'key').flatMap(key => readPreKey(key) ?? [])
    deps.note({
      kind: 'pre-keys',
      connection,
      ...subject,
      keys: keys.map(keyPrint),
      refused: String(code ?? 'silence'),
    })
    if (code === undefined) return 'silence'
    throw new IqRefusal(code, 'internal-server-error')
  }
  const identity = childBytes(iq, 'identity')
  if (!identity?.equals(companion.details.identity)) {
    deps.problems.violation('pre-key upload under another identity', subject)
    throw new IqRefusal(406, 'not-acceptable')
  }
  if (childUInt(iq, 'registration') !== companion.details.registrationId) {
    deps.problems.violation('pre-key upload under another registration id', subject)
  }
  const list = child(iq, 'list')
  const clashes = companion.preKeys.add(list)
  for (const id of clashes) deps.problems.violation(`pre-key ${id} uploaded twice with different bytes`, subject)
  const keys = children(list, 'key').flatMap(key => readPreKey(key) ?? [])
  return replaceSigned(deps, companion, connection, child(iq, 'skey'), keys)
}

/** `keys`: one-time keys that came along, for the ledger */
function replaceSigned(
  deps: PreKeyDeps,
  companion: Companion,
  connection: number,
  skey: Node | undefined,
  keys: PublicPreKey[],
): undefined {
  const subject = { account: companion.person.phoneNumber, device: companion.deviceId }
  const signed = readSignedPreKey(skey)
  if (!signed || !verify(companion.details.identity, signalKey(signed.publicKey), signed.signature)) {
    deps.problems.violation('signed pre-key without a correct signature', subject)
    throw new IqRefusal(406, 'not-acceptable')
  }
  const held = companion.details.signedPreKey
  if (held.keyId === signed.keyId && !held.publicKey.equals(signed.publicKey)) {
    deps.problems.violation(`signed pre-key ${signed.keyId} replaced by different bytes`, subject)
  }
  companion.details.signedPreKey = signed
  deps.note({ kind: 'pre-keys', connection, ...subject, keys: keys.map(keyPrint), signed: keyPrint(signed) })
  deps.changed()
  return undefined
}
