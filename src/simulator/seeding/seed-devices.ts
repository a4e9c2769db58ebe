import type { Accounts } from '../accounts/accounts.js'
import { jidOf } from '../accounts/jid.js'
import { Companion, type Endpoint, type Person } from '../accounts/person.js'
import { PreKeyPool } from '../accounts/pre-keys.js'
import { StanzaQueue } from '../accounts/stanza-queue.js'
import type { SeedOptions, SeededDevice, SeededDevices } from './seeded-devices.js'
import { SimulatorError } from '../errors.js'
import { PhoneDevice } from '../phone/phone-device.js'
import { signDeviceIdentity } from '../phone/sign-device.js'
import { sign, signalKey } from '../wire/curve.js'
import { makeContacts, type ContactSessions } from './contact-sessions.js'
import { deviceKeys, signalIdentity, type DeviceKeys, type SignalIdentity } from './device-keys.js'
import { PreKeyStock } from './pre-key-stock.js'
import { SeededKeys } from './seeded-keys.js'
import { storedJson } from './stored-json.js'

const MOST = 10_000
const PRE_KEYS = 812
const FIRST_NUMBER = '4916000000001'
const FIRST_CONTACT = '4917000000001'
/** Devices made between two turns of the event loop, which connected clients need meanwhile. */
const BATCH = 20
/** Prefix of what a companion signs when it is linked (ADV protocol). */
const DEVICE_SIGNATURE = Buffer.from([6, 1])

export type SeedDeps = { accounts: Accounts; changed: () => void }

/**
 * Makes accounts that have a companion linked, confirmed and welcomed already, and hands out what that companion would have stored.
 * @throws SimulatorError `bad_request` for more than 10,000 devices or a number that is taken
 */
export async function seedDevices(deps: SeedDeps, seed: string, options: SeedOptions): Promise<SeededDevices> {
  const { count, firstNumber = FIRST_NUMBER, firstContact = FIRST_CONTACT, contacts = 0, preKeys = PRE_KEYS } = options
  if (count < 1 || count + contacts > MOST) throw new SimulatorError('bad_request', `1 to ${MOST} devices`)
  const numbers = Array.from({ length: count }, (_, index) => following(firstNumber, index))
  const taken = numbers.find(number => deps.accounts.get(number))
  if (taken !== undefined) throw new SimulatorError('bad_request', `the number ${taken} is taken`)
  const keys = new SeededKeys(seed)
  const stock = new PreKeyStock(keys, preKeys)
  const shared = contacts > 0 ? signalIdentity(keys, 'every device') : undefined
  const seeded = new Set<Endpoint>()
  const devices: SeededDevice[] = []
  for (const [index, number] of numbers.entries()) {
    const person = newPerson(deps.accounts, number, 'Account')
    const { companion, device } = seedDevice(keys, stock, person, shared)
    seeded.add(companion)
    devices.push(device)
    if (index % BATCH === BATCH - 1) await nextTurn()
  }
  const known = await contactsOf(deps.accounts, following(firstContact, 0), contacts, seeded, shared)
  deps.changed()
  return {
    devices,
    sharedKeys: { 'pre-key': stock.stored(), ...known.keys },
    contacts: known.people.map(person => ({
      phoneNumber: person.phoneNumber,
      lid: jidOf(person, 'lid'),
      jid: jidOf(person, 'pn'),
    })),
  }
}

async function contactsOf(
  accounts: Accounts,
  first: string,
  count: number,
  seeded: Set<Endpoint>,
  signal: SignalIdentity | undefined,
): Promise<ContactSessions> {
  if (!signal) return { people: [], keys: { session: {}, 'lid-mapping': {} } }
  const people = Array.from({ length: count }, (_, index) => {
    const number = following(first, index)
    return accounts.get(number) ?? newPerson(accounts, number, 'Contact')
  })
  return makeContacts(people, signal, peer => seeded.has(peer))
}

function following(number: string, index: number): string {
  return String(BigInt(number) + BigInt(index))
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

function newPerson(accounts: Accounts, phoneNumber: string, name: string): Person {
  return accounts.create(phoneNumber, `${name} ${phoneNumber.slice(-5)}`)
}

function seedDevice(
  keys: SeededKeys,
  stock: PreKeyStock,
  person: Person,
  shared: SignalIdentity | undefined,
): { companion: Companion; device: SeededDevice } {
  const { phone } = person
  if (!(phone instanceof PhoneDevice)) throw new SimulatorError('bad_request', 'this account has no simulated phone')
  const own = deviceKeys(keys, person.phoneNumber, shared)
  const deviceId = person.nextDeviceId++
  const { keyPair, signature, keyId } = own.signedPreKey
  const identity = {
    deviceId,
    noiseKey: own.noise.publicKey,
    identity: own.identity.publicKey,
    registrationId: own.registrationId,
    signedPreKey: { keyId, publicKey: keyPair.publicKey, signature },
    platform: 'Seeded',
    linkedAt: Date.now(),
  }
  const companion = new Companion(person, identity, PreKeyPool.filled(stock.records), new StanzaQueue())
  companion.confirmed = true
  companion.welcomed = true
  person.companions.set(deviceId, companion)
  const { keyId: appKeyId, keyData, timestamp } = phone.keys.appState
  const fingerprint = { rawId: phone.keys.rawId, currentIndex: 0, deviceIndexes: [0] }
  return {
    companion,
    device: {
      phoneNumber: person.phoneNumber,
      lid: jidOf(person, 'lid'),
      jid: jidOf(person, 'pn'),
      deviceId,
      creds: storedJson(storedCreds(phone, own, deviceId, stock.size)),
      keys: {
        'app-state-sync-key': { [appKeyId.toString('base64')]: storedJson({ keyData, timestamp, fingerprint }) },
      },
    },
  }
}

/** What Baileys keeps as `creds` once a link by QR, the first login and the first synchronisation are done. */
function storedCreds(phone: PhoneDevice, own: DeviceKeys, deviceId: number, preKeys: number): unknown {
  const { person, keys } = phone
  const { details, accountSignature } = signDeviceIdentity(phone, deviceId, own.identity.publicKey)
  const accountSignatureKey = keys.identity.publicKey
  const proof = Buffer.concat([DEVICE_SIGNATURE, details, own.identity.publicKey, accountSignatureKey])
  const deviceSignature = sign(own.identity.privateKey, proof)
  const pair = (held: { publicKey: Buffer; privateKey: Buffer }): { public: Buffer; private: Buffer } => ({
    public: held.publicKey,
    private: held.privateKey,
  })
  const lid = jidOf(person, 'lid', deviceId)
  return {
    noiseKey: pair(own.noise),
    pairingEphemeralKeyPair: pair(own.pairing),
    signedIdentityKey: pair(own.identity),
    signedPreKey: {
      keyPair: pair(own.signedPreKey.keyPair),
      signature: own.signedPreKey.signature,
      keyId: own.signedPreKey.keyId,
    },
    registrationId: own.registrationId,
    advSecretKey: own.advSecret.toString('base64'),
    processedHistoryMessages: [],
    nextPreKeyId: preKeys + 1,
    firstUnuploadedPreKeyId: preKeys + 1,
    accountSyncCounter: 1,
    accountSettings: { unarchiveChats: false },
    registered: false,
    account: { details, accountSignatureKey, accountSignature, deviceSignature },
    me: { id: jidOf(person, 'pn', deviceId), lid },
    signalIdentities: [{ identifier: { name: lid, deviceId: 0 }, identifierKey: signalKey(accountSignatureKey) }],
    platform: 'android',
    myAppStateKeyId: keys.appState.keyId.toString('base64'),
    lastAccountSyncTimestamp: Math.floor(Date.now() / 1000),
  }
}
