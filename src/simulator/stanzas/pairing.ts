import { randomBytes } from 'node:crypto'
import { jidOf, SERVER } from '../accounts/jid.js'
import { Companion, type Person } from '../accounts/person.js'
import { PreKeyPool, type SignedPreKey } from '../accounts/pre-keys.js'
import { StanzaQueue } from '../accounts/stanza-queue.js'
import type { Incidents } from '../incidents.js'
import type { Problems } from '../problems.js'
import { signalKey, verify } from '../wire/curve.js'
import { child, childBytes, node, type Node } from '../wire/node-codec.js'
import { proto } from '../wire/protobuf.js'
import type { Client } from './client.js'
import { versionOf } from './login.js'
import type { PairingCodes, PendingCode } from './pairing-codes.js'
import { restartRequired } from './stream-end.js'

const REFS = 6
/** Prefixes of the three signatures of a link: who signs what (ADV protocol). */
const DEVICE_SIGNATURE = Buffer.from([6, 1])

/** A registration connection that shows a QR code and waits for a phone. */
export type PendingLink = {
  client: Client
  /** id of the request that carried the refs */
  offer: string
  refs: string[]
  noiseKey: Buffer
  identity: Buffer
  registrationId: number
  signedPreKey: SignedPreKey
  platform: string
  /** the signed pre-key really carries the identity's signature */
  genuine: boolean
  /** secrets that were in its QR codes and are retired; the phone refuses to see them again */
  retired: Set<string>
  /** its latest request to be linked by a code */
  code?: PendingCode
  /** set once a phone said yes; `details` and `accountKey` are what the companion has to sign */
  accepted?: { companion: Companion; details: Buffer; accountKey: Buffer }
}

/** The phone's half of a link, see `phone/link-device.ts`. */
export type Acceptance = { blob: Buffer; details: Buffer; accountKey: Buffer }

export type PairingDeps = {
  problems: Problems
  codes: PairingCodes
  incidents: Incidents
  /** how many companions an account may have */
  deviceLimit: number
  changed: () => void
  /** the link is complete */
  confirmed: (companion: Companion, connection: number) => void
}

/** Links companions: issues refs for QR codes, takes the phone's acceptance, checks the companion's signature, and restarts it. */
export class Pairing {
  /** how many companions an account may have unless its own limit says otherwise */
  deviceLimit: number
  readonly #byRef = new Map<string, PendingLink>()

  constructor(private readonly deps: PairingDeps) {
    this.deviceLimit = deps.deviceLimit
  }

  /** @throws Error when the payload does not describe a device. */
  begin(client: Client, payload: proto.ClientPayload, noiseKey: Buffer): void {
    const data = payload.devicePairingData
    if (!data?.eIdent || !data.eRegid || !data.eSkeyId || !data.eSkeyVal || !data.eSkeySig) {
      throw new Error('registration without device keys')
    }
    const identity = Buffer.from(data.eIdent)
    const signedPreKey = {
      keyId: Buffer.from(data.eSkeyId).readUIntBE(0, data.eSkeyId.length),
      publicKey: Buffer.from(data.eSkeyVal),
      signature: Buffer.from(data.eSkeySig),
    }
    const genuine = verify(identity, signalKey(signedPreKey.publicKey), signedPreKey.signature)
    if (!genuine) this.deps.problems.violation('registration with a wrong signature on its signed pre-key')
    const props = data.deviceProps ? proto.DeviceProps.decode(data.deviceProps) : undefined
    const link: PendingLink = {
      client,
      offer: randomBytes(8).toString('hex'),
      refs: Array.from({ length: REFS }, () => `2@${randomBytes(48).toString('base64')}`),
      noiseKey,
      identity,
      registrationId: Buffer.from(data.eRegid).readUIntBE(0, data.eRegid.length),
      signedPreKey,
      platform: props?.os ?? 'unknown',
      genuine,
      retired: new Set(),
    }
    client.link = link
    if (this.deps.incidents.strike('registration', client, { version: versionOf(payload) })) return
    for (const ref of link.refs) this.#byRef.set(ref, link)
    client.send(
      node('iq', { from: SERVER, type: 'set', id: link.offer, xmlns: 'md' }, [
        node(
          'pair-device',
          {},
          link.refs.map(ref => node('ref', {}, Buffer.from(ref))),
        ),
      ]),
    )
  }

  /** The connection that showed this ref, while it lasts and nobody scanned it. */
  find(ref: string): PendingLink | undefined {
    return this.#byRef.get(ref)
  }

  /** The companion answered that it took the refs: its first QR code is on show. */
  shown(link: PendingLink): void {
    this.deps.incidents.strike('qr', link.client)
  }

  /** A phone reads a QR code with this secret; answers whether it may go on, or the registration's material is retired. */
  mayUse(link: PendingLink, person: Person, secret: Buffer): boolean {
    const seen = secret.toString('hex')
    if (this.deps.incidents.strike('look', link.client, { phone: person.phoneNumber })) link.retired.add(seen)
    return !link.retired.has(seen)
  }

  /** The account has all the companions it may have. */
  isFull(person: Person): boolean {
    return person.slotsTaken >= (person.deviceLimit ?? this.deviceLimit)
  }

  /** Reserves the device number the phone's signature will name. */
  reserve(person: Person): number {
    return person.nextDeviceId++
  }

  succeed(link: PendingLink, person: Person, deviceId: number, acceptance: Acceptance): Companion {
    this.forget(link)
    const { noiseKey, identity, registrationId, signedPreKey, platform } = link
    const linkedAt = Date.now()
    const details = { deviceId, noiseKey, identity, registrationId, signedPreKey, platform, linkedAt }
    const companion = new Companion(person, details, new PreKeyPool(), new StanzaQueue())
    person.companions.set(deviceId, companion)
    link.accepted = { companion, details: acceptance.details, accountKey: acceptance.accountKey }
    link.client.companion = companion
    companion.linking = true
    this.deps.changed()
    const who = { phone: person.phoneNumber, device: deviceId }
    if (this.deps.incidents.strike('scan', link.client, who)) return companion
    const t = Math.floor(linkedAt / 1000)
    link.client.send(
      node('iq', { from: SERVER, type: 'set', id: randomBytes(8).toString('hex'), xmlns: 'md', t }, [
        node('pair-success', {}, [
          node('device-identity', {}, acceptance.blob),
          node('device', { jid: jidOf(person, 'pn', deviceId), lid: jidOf(person, 'lid', deviceId) }),
          node('platform', { name: 'android' }),
        ]),
      ]),
    )
    this.deps.incidents.strike('paired', link.client, who)
    return companion
  }

  /** The companion's answer to `pair-success`: when it proves that it holds the identity it registered, it is told to connect again. */
  confirm(link: PendingLink, reply: Node): void {
    if (!this.#proven(link, reply)) return link.client.cut()
    const { companion } = link.client
    const who = companion ? { phone: companion.person.phoneNumber, device: companion.deviceId } : {}
    if (!this.deps.incidents.strike('confirmed', link.client, who)) link.client.dismiss(restartRequired())
  }

  #proven(link: PendingLink, reply: Node): boolean {
    const { accepted } = link
    const signed = childBytes(child(reply, 'pair-device-sign'), 'device-identity')
    if (!accepted || !signed) return false
    const { details, deviceSignature } = proto.ADVSignedDeviceIdentity.decode(signed)
    const message = Buffer.concat([DEVICE_SIGNATURE, accepted.details, link.identity, accepted.accountKey])
    const right = details && deviceSignature && accepted.details.equals(details)
    if (!right || !verify(link.identity, message, deviceSignature)) {
      this.deps.problems.violation('pair-device-sign with a wrong device signature')
      return false
    }
    accepted.companion.confirmed = true
    this.deps.confirmed(accepted.companion, link.client.connection.id)
    this.deps.changed()
    return true
  }

  forget(link: PendingLink): void {
    for (const ref of link.refs) this.#byRef.delete(ref)
    this.deps.codes.forget(link)
  }
}
