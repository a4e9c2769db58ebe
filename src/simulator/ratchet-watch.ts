import { createHash } from 'node:crypto'
import type { Endpoint } from './accounts/person.js'
import type { LedgerEvent } from './ledger-lines.js'
import type { Problems } from './problems.js'
import { bytesOf, type Node } from './wire/node-codec.js'

/** Remembered message keys in all; the oldest go first. */
const LIMIT = 50_000
const MAC_BYTES = 8
const EPHEMERAL_FIELD = 1
const COUNTER_FIELD = 2
const INNER_MESSAGE_FIELD = 4

/** The fields of a protobuf message that are numbers or bytes; anything else ends the reading. */
function fieldsOf(bytes: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    return value
  }
  while (at < bytes.length) {
    const key = varint()
    if ((key & 7) === 0) fields.set(key >> 3, varint())
    else if ((key & 7) === 2) {
      const length = varint()
      fields.set(key >> 3, bytes.subarray(at, at + length))
      at += length
    } else break
  }
  return fields
}

/** Ratchet key (as a hash) and counter of a Signal message: one version byte, the protobuf, eight bytes of MAC. */
function position(enc: Node): { chain: string; counter: number; digest: string } | undefined {
  const body = bytesOf(enc)
  if (!body || body.length < 2 + MAC_BYTES) return undefined
  let inner = body
  if (enc.attrs['type'] === 'pkmsg') {
    const wrapped = fieldsOf(body.subarray(1)).get(INNER_MESSAGE_FIELD)
    if (!Buffer.isBuffer(wrapped)) return undefined
    inner = wrapped
  } else if (enc.attrs['type'] !== 'msg') return undefined
  const fields = fieldsOf(inner.subarray(1, -MAC_BYTES))
  const ephemeral = fields.get(EPHEMERAL_FIELD)
  if (!Buffer.isBuffer(ephemeral)) return undefined
  return {
    chain: createHash('sha256').update(ephemeral).digest('hex').slice(0, 16),
    counter: Number(fields.get(COUNTER_FIELD) ?? 0),
    digest: createHash('sha256').update(inner).digest('base64').slice(0, 22),
  }
}

/**
 * Notices a device that encrypts two different messages with one message key: same ratchet key and counter, other bytes.
 * The same bytes again are a resend, and fine. (Invariant I-8, as far as a server can see it.)
 */
export class RatchetWatch {
  readonly #seen = new Map<string, string>()

  constructor(
    private readonly problems: Problems,
    private readonly note?: (event: LedgerEvent) => void,
  ) {}

  /** `id`: the message's. What phones encrypt is checked and not noted. */
  check(sender: Endpoint, target: Endpoint, encs: Node[], id = ''): void {
    for (const enc of encs) {
      const place = position(enc)
      if (!place) continue
      const { chain, counter, digest } = place
      const to = { toAccount: target.person.phoneNumber, toDevice: target.deviceId }
      const from = { account: sender.person.phoneNumber, device: sender.deviceId }
      if (sender.deviceId !== 0) this.note?.({ kind: 'message-key', ...from, ...to, id, chain, counter, digest })
      const name = `${sender.person.lidUser}:${sender.deviceId}:${target.person.lidUser}:${target.deviceId}:${chain}:${counter}`
      const earlier = this.#seen.get(name)
      if (earlier === undefined) this.#remember(name, digest)
      else if (earlier !== digest) {
        this.problems.violation('two different messages under one message key', from)
      }
    }
  }

  #remember(name: string, digest: string): void {
    this.#seen.set(name, digest)
    if (this.#seen.size <= LIMIT) return
    const oldest = this.#seen.keys().next().value
    if (oldest !== undefined) this.#seen.delete(oldest)
  }
}
