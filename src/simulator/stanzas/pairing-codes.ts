import { randomBytes } from 'node:crypto'
import { parseJid, SERVER } from '../accounts/jid.js'
import type { CodeRequest } from '../control-surface.js'
import { PairingCodeError } from '../errors.js'
import type { Incidents } from '../incidents.js'
import type { Problems } from '../problems.js'
import { Waiters } from '../waiters.js'
import { child, childBytes, node, textOf, type Node } from '../wire/node-codec.js'
import { BUNDLE_BYTES, WRAPPED_KEY_BYTES } from '../wire/pairing-code.js'
import { now } from './clock.js'
import { iqError, IqRefusal, iqResult } from './iq.js'
import type { PendingLink } from './pairing.js'

const STANZA = 'link_code_companion_reg'
const MALFORMED = 400

/** A registration connection that asked to be linked by a code typed into the phone of this number. */
export type PendingCode = {
  link: PendingLink
  phoneNumber: string
  ref: Buffer
  /** the companion's ephemeral key under the code */
  wrappedKey: Buffer
  /** what the companion calls itself */
  platform: string
  /** milliseconds since the epoch */
  askedAt: number
  expiresAt: number
  /** the phone was to be told by a notification */
  shown: boolean
  /** key bundles the companion answers with */
  bundles: Waiters<Buffer>
  /** phones try their codes one after the other: each try replaces the companion's secret */
  lane: Promise<unknown>
}

export type PairingCodesDeps = { problems: Problems; incidents: Incidents; lifetimeMs: number }

/**
 * The server's side of linking by code: it keeps who asked for which number and carries messages between companion and phone,
 * none of which it can read. Whether a number has a phone makes no difference to the companion.
 */
export class PairingCodes {
  lifetimeMs: number
  readonly #byNumber = new Map<string, PendingCode[]>()
  readonly #asked = new Waiters<PendingCode>()
  readonly #handedOut = new Map<string, number>()

  constructor(private readonly deps: PairingCodesDeps) {
    this.lifetimeMs = deps.lifetimeMs
  }

  /** Takes a `link_code_companion_reg` request of a connection that is being linked. */
  request(link: PendingLink, iq: Node): void {
    const content = child(iq, STANZA)
    try {
      if (content?.attrs['stage'] === 'companion_hello') this.#hello(link, iq, content)
      else if (content?.attrs['stage'] === 'companion_finish') this.#finish(link, iq, content)
      else throw new IqRefusal(MALFORMED, 'bad-request')
    } catch (error) {
      if (!(error instanceof IqRefusal)) throw error
      this.deps.problems.violation(`malformed ${STANZA} ${content?.attrs['stage'] ?? ''}`)
      link.client.send(iqError(iq, error))
    }
  }

  /** Requests a code may still be typed for, newest first. */
  open(phoneNumber: string): PendingCode[] {
    return (this.#byNumber.get(phoneNumber) ?? []).filter(isOpen).toReversed()
  }

  /** Everything ever asked for a number, oldest first. */
  requests(phoneNumber: string): CodeRequest[] {
    return (this.#byNumber.get(phoneNumber) ?? []).map(describeCode)
  }

  /** The next notification the phone of this number shows; each is handed out once. */
  async nextNotification(phoneNumber: string, timeoutMs: number): Promise<CodeRequest> {
    const seen = this.#handedOut.get(phoneNumber) ?? 0
    this.#handedOut.set(phoneNumber, seen + 1)
    const shown = (): PendingCode | undefined =>
      (this.#byNumber.get(phoneNumber) ?? []).filter(code => code.shown)[seen]
    try {
      if (!shown())
        await this.#asked.wait(
          () => shown() !== undefined,
          timeoutMs,
          () => 'a request for a pairing code',
        )
    } catch (error) {
      this.#handedOut.set(phoneNumber, seen)
      throw error
    }
    const code = shown()
    if (!code) throw new PairingCodeError('no_code_pending', 'nobody asked for a code')
    return describeCode(code)
  }

  /**
   * Hands a phone's half to the companion and waits for the companion's.
   * @throws PairingCodeError `code_expired` when the companion leaves, SimulatorError `wait_timeout` when it does not answer
   */
  async primaryHello(code: PendingCode, wrappedKey: Buffer, identity: Buffer, timeoutMs: number): Promise<Buffer> {
    const bundle = code.bundles.wait(
      () => true,
      timeoutMs,
      () => 'the companion to answer the code',
    )
    const attrs = { from: SERVER, type: STANZA, id: randomBytes(8).toString('hex'), t: now() }
    code.link.client.send(
      node('notification', attrs, [
        node(STANZA, { stage: 'primary_hello' }, [
          node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrappedKey),
          node('primary_identity_pub', {}, identity),
          node('link_code_pairing_ref', {}, code.ref),
        ]),
      ]),
    )
    return bundle
  }

  /** The connection ended, or was linked. */
  forget(link: PendingLink): void {
    link.code?.bundles.failAll(new PairingCodeError('code_expired', 'the device that asked for this code is gone'))
    delete link.code
  }

  stop(reason: Error): void {
    this.#asked.failAll(reason)
    for (const code of [...this.#byNumber.values()].flat()) code.bundles.failAll(reason)
  }

  #hello(link: PendingLink, iq: Node, content: Node): void {
    const phone = parseJid(content.attrs['jid'])
    const wrappedKey = childBytes(content, 'link_code_pairing_wrapped_companion_ephemeral_pub')
    const noiseKey = childBytes(content, 'companion_server_auth_key_pub')
    const described = ['companion_platform_id', 'companion_platform_display', 'link_code_pairing_nonce']
    const complete = described.every(tag => (textOf(child(content, tag)) ?? '') !== '')
    if (phone?.family !== 'pn' || phone.device !== 0 || wrappedKey?.length !== WRAPPED_KEY_BYTES || !complete) {
      throw new IqRefusal(MALFORMED, 'bad-request')
    }
    if (!noiseKey?.equals(link.noiseKey)) throw new IqRefusal(MALFORMED, 'bad-request')
    this.forget(link)
    if (this.deps.incidents.strike('code', link.client, { phone: phone.user }, iq)) return
    const askedAt = Date.now()
    const code: PendingCode = {
      link,
      phoneNumber: phone.user,
      ref: Buffer.from(`3@${randomBytes(24).toString('base64')}`),
      wrappedKey,
      platform: textOf(child(content, 'companion_platform_display')) ?? '',
      askedAt,
      expiresAt: askedAt + this.lifetimeMs,
      shown: content.attrs['should_show_push_notification'] === 'true',
      bundles: new Waiters(),
      lane: Promise.resolve(),
    }
    link.code = code
    const asked = this.#byNumber.get(phone.user)
    if (asked) asked.push(code)
    else this.#byNumber.set(phone.user, [code])
    const ref = node('link_code_pairing_ref', {}, code.ref)
    link.client.send(iqResult(iq, [node(STANZA, { stage: 'companion_hello' }, [ref])]))
    if (code.shown) this.#asked.offer(code)
  }

  #finish(link: PendingLink, iq: Node, content: Node): void {
    const { code } = link
    const bundle = childBytes(content, 'link_code_pairing_wrapped_key_bundle')
    const identity = childBytes(content, 'companion_identity_public')
    const ref = childBytes(content, 'link_code_pairing_ref')
    if (!code || bundle?.length !== BUNDLE_BYTES || !ref?.equals(code.ref) || !identity?.equals(link.identity)) {
      throw new IqRefusal(MALFORMED, 'bad-request')
    }
    link.client.send(iqResult(iq))
    code.bundles.offer(bundle)
  }
}

function isOpen(code: PendingCode): boolean {
  const { link, expiresAt } = code
  return link.code === code && link.client.connection.open && Date.now() < expiresAt
}

function describeCode(code: PendingCode): CodeRequest {
  const { platform, askedAt, expiresAt } = code
  return { platform, askedAt, expiresAt, open: isOpen(code) }
}
