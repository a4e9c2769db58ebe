import type { Accounts } from '../accounts/accounts.js'
import { jidOf, parseJid } from '../accounts/jid.js'
import type { Companion, Person } from '../accounts/person.js'
import type {
  CodeRequest,
  LinkedDevice,
  ManyOptions,
  MessageMatch,
  Phone,
  PhoneMessage,
  SendOptions,
} from '../control-surface.js'
import { SimulatorError } from '../errors.js'
import type { Pairing } from '../stanzas/pairing.js'
import type { PairingCodes } from '../stanzas/pairing-codes.js'
import type { Waiters } from '../waiters.js'
import { node } from '../wire/node-codec.js'
import { enterCode } from './enter-code.js'
import { linkDevice } from './link-device.js'
import type { PhoneDevice } from './phone-device.js'
import { readQrPicture } from './qr-picture.js'
import { sendMany } from './send-many.js'
import { sendText } from './send-text.js'

/** A device has much to compute before it answers a code: it gets this many times as long as anything else. */
const CODE_PATIENCE = 3

export type DeviceState = 'online' | 'offline' | 'linked'

export type LocalPhoneDeps = {
  accounts: Accounts
  pairing: Pairing
  codes: PairingCodes
  /** told whenever a companion's state may have changed */
  deviceChanges: Waiters<Companion>
  timeoutMs: number
  quiet(person: Person): Promise<void>
  remove(companion: Companion): void
}

export function describeDevice(companion: Companion): LinkedDevice {
  const { deviceId, platform, linkedAt } = companion.details
  return {
    deviceId,
    online: companion.line !== undefined,
    platform,
    linkedAt,
    preKeysOnServer: companion.preKeys.count,
    waitingMessages: companion.queue.all().flatMap(({ tag, attrs }) => (tag === 'message' ? (attrs['id'] ?? []) : [])),
    confirmed: companion.confirmed,
  }
}

/** A phone in this process, as the person holding it would use it. */
export class LocalPhone implements Phone {
  constructor(
    private readonly device: PhoneDevice,
    private readonly deps: LocalPhoneDeps,
  ) {}

  get phoneNumber(): string {
    return this.device.person.phoneNumber
  }

  get lid(): string {
    return jidOf(this.device.person, 'lid')
  }

  get jid(): string {
    return jidOf(this.device.person, 'pn')
  }

  get name(): string {
    return this.device.person.name
  }

  async scan(qr: string): Promise<LinkedDevice> {
    return describeDevice(linkDevice(this.device, this.deps.pairing, qr))
  }

  async scanPicture(png: Uint8Array): Promise<LinkedDevice> {
    return this.scan(readQrPicture(png))
  }

  async enterCode(code: string, options: { of?: string | undefined } = {}): Promise<LinkedDevice> {
    const deps = { ...this.deps, patienceMs: CODE_PATIENCE * this.deps.timeoutMs }
    return describeDevice(await enterCode(this.device, deps, code, options.of ?? this.phoneNumber))
  }

  async codeRequests(): Promise<CodeRequest[]> {
    return this.deps.codes.requests(this.phoneNumber)
  }

  async waitForCodeRequest(timeoutMs = this.deps.timeoutMs): Promise<CodeRequest> {
    return this.deps.codes.nextNotification(this.phoneNumber, timeoutMs)
  }

  async send(to: string | Phone, text: string, options: SendOptions = {}): Promise<{ id: string }> {
    const { name, person } = this.#recipient(to)
    const family = options.addressing ?? parseJid(name)?.family ?? 'pn'
    return this.device.inTurn(() => sendText(this.device, person, text, family))
  }

  async sendMany(to: string | Phone, count: number, options: ManyOptions = {}): Promise<string[]> {
    return sendMany(this.device, this.#recipient(to).person, count, options)
  }

  async messages(chat?: string): Promise<PhoneMessage[]> {
    return this.device.inbox.all(chat === undefined ? undefined : this.#chat(chat))
  }

  async waitForMessage(match: MessageMatch = {}, timeoutMs = this.deps.timeoutMs): Promise<PhoneMessage> {
    const from = match.from === undefined ? {} : { from: this.#chat(match.from) }
    return this.device.inbox.wait({ ...match, ...from }, timeoutMs)
  }

  async waitForQuiet(): Promise<void> {
    await this.deps.quiet(this.device.person)
  }

  /** Marks what others wrote in a chat as read, and tells them. */
  async read(chat: string): Promise<void> {
    const person = this.#person(chat)
    if (!person) throw new SimulatorError('unknown_recipient', `${chat} is not on this WhatsApp`)
    await this.device.inTurn(async () => {
      const bubbles = this.device.inbox.all(jidOf(person, 'pn')).filter(({ fromMe, copies }) => !fromMe && copies > 0)
      const [id, ...others] = bubbles.map(bubble => bubble.id)
      if (id === undefined) return
      const items = others.map(other => node('item', { id: other }))
      const content = items.length > 0 ? [node('list', {}, items)] : undefined
      this.device.send(node('receipt', { id, to: jidOf(person, 'pn'), type: 'read' }, content))
    })
  }

  async devices(): Promise<LinkedDevice[]> {
    return [...this.device.person.companions.values()].map(describeDevice)
  }

  /** `linked`: any device whose link is confirmed; `online`, `offline`: the newest linked device that is in that state. */
  async waitForDevice(state: DeviceState, timeoutMs = this.deps.timeoutMs): Promise<LinkedDevice> {
    const find = (): Companion | undefined =>
      [...this.device.person.companions.values()].findLast(
        companion =>
          companion.confirmed && (state === 'linked' || (companion.line !== undefined) === (state === 'online')),
      )
    const what = (): string => `a device of ${this.phoneNumber} to be ${state}`
    let found = find()
    if (!found) {
      await this.deps.deviceChanges.wait(() => find() !== undefined, timeoutMs, what)
      found = find()
    }
    return found ? describeDevice(found) : this.waitForDevice(state, timeoutMs)
  }

  async unlink(deviceId: number): Promise<void> {
    const companion = this.device.person.companions.get(deviceId)
    if (!companion) throw new SimulatorError('unknown_device', `${this.phoneNumber} has no device ${deviceId}`)
    this.deps.remove(companion)
  }

  async goOffline(): Promise<void> {
    this.device.goOffline()
  }

  async goOnline(): Promise<void> {
    this.device.goOnline()
  }

  #recipient(to: string | Phone): { name: string; person: Person } {
    if (!this.device.online) throw new SimulatorError('phone_offline', 'the phone has no connection')
    const name = typeof to === 'string' ? to : to.jid
    const person = this.#person(name)
    if (!person) throw new SimulatorError('unknown_recipient', `${name} is not on this WhatsApp`)
    return { name, person }
  }

  #person(name: string): Person | undefined {
    return /^\+?\d+$/.test(name) ? this.deps.accounts.get(name.replace('+', '')) : this.deps.accounts.find(name)
  }

  #chat(name: string): string {
    const person = this.#person(name)
    return person ? jidOf(person, 'pn') : name
  }
}
