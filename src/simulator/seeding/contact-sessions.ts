import type { Endpoint, Person } from '../accounts/person.js'
import { PhoneDevice } from '../phone/phone-device.js'
import { ProtocolAddress, SessionBuilder, SessionCipher } from '../phone/signal-library.js'
import { NO_PRE_KEY, type SessionRecordType, type SignalStorage } from '../phone/signal-library.js'
import type { SavedSession } from '../phone/signal-sessions.js'
import { signalKey, type KeyPair } from '../wire/curve.js'
import type { SignalIdentity } from './device-keys.js'
import { storedJson } from './stored-json.js'

/** What Baileys calls a contact's phone in its key store: LID addresses carry `_1`. */
const LID_SUFFIX = '_1.0'
const GREETING = Buffer.from('hello')

type Party = { identity: KeyPair; signedPreKey: KeyPair; registrationId: number }

/** Libsignal's storage for one party of one session. */
class SessionHolder {
  record: SessionRecordType | undefined
  readonly storage: SignalStorage

  constructor({ identity, signedPreKey, registrationId }: Party) {
    const pair = (held: KeyPair): { pubKey: Buffer; privKey: Buffer } => ({
      pubKey: signalKey(held.publicKey),
      privKey: held.privateKey,
    })
    this.storage = {
      loadSession: async () => this.record,
      storeSession: async (_address, record) => void (this.record = record),
      isTrustedIdentity: () => true,
      loadPreKey: async () => undefined,
      removePreKey: () => undefined,
      loadSignedPreKey: () => pair(signedPreKey),
      getOurRegistrationId: () => registrationId,
      getOurIdentity: () => pair(identity),
    }
  }

  cipher(name: string): InstanceType<typeof SessionCipher> {
    return new SessionCipher(this.storage, new ProtocolAddress(name, 0))
  }
}

export type ContactSessions = {
  people: Person[]
  /** what a device's key store holds of its contacts: type, id, BufferJSON text */
  keys: { session: Record<string, string>; 'lid-mapping': Record<string, string> }
}

/**
 * Contacts that have written to every seeded device and got an answer. A session is made once per contact: the devices share one Signal
 * identity, so both ends' records serve for all of them, and each record goes its own way from its first use. Phones take theirs
 * up when they need it.
 */
export async function makeContacts(
  people: Person[],
  signal: SignalIdentity,
  isSeeded: (peer: Endpoint) => boolean,
): Promise<ContactSessions> {
  const keys: ContactSessions['keys'] = { session: {}, 'lid-mapping': {} }
  for (const person of people) {
    const { phone } = person
    if (!(phone instanceof PhoneDevice)) continue
    const { device, contact } = await establish(phone, signal)
    keys.session[`${person.lidUser}${LID_SUFFIX}`] = storedJson(device)
    keys['lid-mapping'][person.phoneNumber] = JSON.stringify(person.lidUser)
    keys['lid-mapping'][`${person.lidUser}_reverse`] = JSON.stringify(person.phoneNumber)
    phone.sessions.fallBackTo(peer => (isSeeded(peer) ? contact : undefined))
  }
  return { people, keys }
}

/** One message there and one back, as both ends keep it. */
async function establish(
  phone: PhoneDevice,
  signal: SignalIdentity,
): Promise<{ device: SavedSession; contact: SavedSession }> {
  const { keys, person } = phone
  const phoneParty = { identity: keys.identity, signedPreKey: keys.signedPreKey, registrationId: keys.registrationId }
  const contact = new SessionHolder(phoneParty)
  const deviceParty = { ...signal, signedPreKey: signal.signedPreKey.keyPair, registrationId: 1 }
  const device = new SessionHolder(deviceParty)
  const names = { device: `seeded-device-of-${person.lidUser}`, contact: `seeded-contact-${person.lidUser}` }
  const { keyId, keyPair, signature } = signal.signedPreKey
  await new SessionBuilder(contact.storage, new ProtocolAddress(names.device, 0)).initOutgoing({
    registrationId: deviceParty.registrationId,
    identityKey: signalKey(signal.identity.publicKey),
    signedPreKey: { keyId, publicKey: signalKey(keyPair.publicKey), signature },
    preKey: NO_PRE_KEY,
  })
  const there = await contact.cipher(names.device).encrypt(GREETING)
  await device.cipher(names.contact).decryptPreKeyWhisperMessage(Buffer.from(there.body))
  const back = await device.cipher(names.contact).encrypt(GREETING)
  await contact.cipher(names.device).decryptWhisperMessage(Buffer.from(back.body))
  if (!device.record || !contact.record) throw new Error('no session came about')
  return { device: device.record.serialize(), contact: contact.record.serialize() }
}
