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
import { CodeRequests, describeCode, isOpen, type AskedCode } from './code-requests.js'
import { iqError, IqRefusal, iqResult } from './iq.js'
import type { PendingLink } from './pairing.js'

const STANZA = 'link_code_companion_reg'
const MALFORMED = 400
const NOT_FOUND = 404

/** A registration connection that asked to be linked by a code typed into the phone of this number. */
export type PendingCode = {
  link: PendingLink
  asked: AskedCode
  ref: Buffer
  /** the companion's ephemeral key under the code */
  wrappedKey: Buffer
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
  readonly #requests = new CodeRequests()
  /** by the number asked for, oldest first */
  readonly #pending = new Map<string, Set<PendingCode>>()

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
      if (error.code === MALFORMED) this.deps.problems.violation(`malformed ${STANZA} ${content?.attrs['stage'] ?? ''}`)
      link.client.send(iqError(iq, error))
    }
  }

  /** Requests a code may still be typed for, newest first. */
  open(phoneNumber: string): PendingCode[] {
    return [...(this.#pending.get(phoneNumber) ?? [])].filter(({ asked }) => isOpen(asked)).toReversed()
  }

  /** Everything ever asked for a number, oldest first. */
  requests(phoneNumber: string): CodeRequest[] {
    return this.#requests.of(phoneNumber).map(describeCode)
  }

  /** The next notification the phone of this number shows; each is handed out once. */
  nextNotification(phoneNumber: string, timeoutMs: number): Promise<CodeRequest> {
    return this.#requests.nextNotification(phoneNumber, timeoutMs)
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

  /** The connection ended, or was linked, or asks anew. */
  forget(link: PendingLink): void {
    const { code } = link
    if (!code) return
    delete link.code
    code.asked.pending = false
    const others = this.#pending.get(code.asked.phoneNumber)
    others?.delete(code)
    if (others?.size === 0) this.#pending.delete(code.asked.phoneNumber)
    code.bundles.failAll(new PairingCodeError('code_expired', 'the device that asked for this code is gone'))
  }

  stop(reason: Error): void {
    this.#requests.stop(reason)
    for (const codes of this.#pending.values()) for (const { bundles } of codes) bundles.failAll(reason)
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
    const asked = {
      phoneNumber: phone.user,
      platform: textOf(child(content, 'companion_platform_display')) ?? '',
      askedAt,
      expiresAt: askedAt + this.lifetimeMs,
      pending: true,
      notifies: content.attrs['should_show_push_notification'] === 'true',
    }
    const code: PendingCode = {
      link,
      asked,
      ref: Buffer.from(`3@${randomBytes(24).toString('base64')}`),
      wrappedKey,
      bundles: new Waiters(),
      lane: Promise.resolve(),
    }
    link.code = code
    const others = this.#pending.get(phone.user)
    if (others) others.add(code)
    else this.#pending.set(phone.user, new Set([code]))
    const ref = node('link_code_pairing_ref', {}, code.ref)
    link.client.send(iqResult(iq, [node(STANZA, { stage: 'companion_hello' }, [ref])]))
    this.#requests.add(asked)
  }

  #finish(link: PendingLink, iq: Node, content: Node): void {
    const { code } = link
    const bundle = childBytes(content, 'link_code_pairing_wrapped_key_bundle')
    const identity = childBytes(content, 'companion_identity_public')
    const ref = childBytes(content, 'link_code_pairing_ref')
    if (bundle?.length !== BUNDLE_BYTES || !ref || !identity?.equals(link.identity)) {
      throw new IqRefusal(MALFORMED, 'bad-request')
    }
    // linked otherwise, or a newer code was asked for, while the companion answered
    if (!code?.ref.equals(ref)) throw new IqRefusal(NOT_FOUND, 'item-not-found')
    link.client.send(iqResult(iq))
    code.bundles.offer(bundle)
  }
}
