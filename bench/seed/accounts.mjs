import { randomBytes } from 'node:crypto'
import { initAuthCreds, proto } from '@whiskeysockets/baileys'
import { generateKeyPair, sign } from '../../dist/simulator/wire/curve.js'
import { derivePreKey } from '../../dist/session/derive-pre-key.js'
import { contactKeys } from './contacts.mjs'

/** What a device uploads at its first login. */
const UPLOADED = 812
/** Of these the server has so many left; more than the few at which Baileys uploads again. */
const LEFT = 30
const DEVICE = 1
const FIRST_LID = 200_000_000_000_000
const FIRST_PHONE = 254_710_000_000

/**
 * An account as linking leaves it behind: a phone, its one linked device with every key and signature real, and the Signal sessions of
 * contacts who have written to it. Made here because a thousand links one after the other take minutes.
 *
 * @param {number} index each one its own phone number
 * @param {{ contacts?: number }} options
 */
export async function makeAccount(index, { contacts = 0 } = {}) {
  const phoneNumber = String(FIRST_PHONE + index)
  const lid = String(FIRST_LID + index)
  const name = `Account ${index}`
  const creds = initAuthCreds()
  const phone = phoneKeys()
  const appState = { keyId: randomBytes(6), keyData: randomBytes(32), timestamp: Date.now() }
  const seed = randomBytes(32)
  Object.assign(creds, {
    me: { id: `${phoneNumber}:${DEVICE}@s.whatsapp.net`, lid: `${lid}:${DEVICE}@lid`, name },
    account: signedDevice(creds, phone),
    signalIdentities: [
      {
        identifier: { name: `${lid}:${DEVICE}@lid`, deviceId: 0 },
        identifierKey: Buffer.concat([Buffer.from([5]), phone.identity.publicKey]),
      },
    ],
    platform: 'android',
    registered: false,
    // a first login has been lived through: Baileys waits 20 s for a history when it is zero
    accountSyncCounter: 1,
    myAppStateKeyId: appState.keyId.toString('base64'),
    firstUnuploadedPreKeyId: UPLOADED + 1,
    nextPreKeyId: UPLOADED + 1,
  })
  const ownKeys = {
    'app-state-sync-key': {
      [creds.myAppStateKeyId]: {
        keyData: appState.keyData,
        fingerprint: { rawId: phone.rawId, currentIndex: 0, deviceIndexes: [0] },
        timestamp: appState.timestamp,
      },
    },
    'lid-mapping': { [phoneNumber]: lid, [`${lid}_reverse`]: phoneNumber },
    'device-list': { [phoneNumber]: [String(DEVICE)] },
  }
  return {
    phoneNumber,
    lid,
    name,
    creds,
    seed,
    usedPreKeys: contacts,
    keys: merge(ownKeys, await contactKeys(contacts, index)),
    saved: savedPerson({ phoneNumber, lid, name, creds, phone, appState, seed }),
  }
}

function phoneKeys() {
  const identity = generateKeyPair()
  const signedPreKey = generateKeyPair()
  const signature = sign(identity.privateKey, Buffer.concat([Buffer.from([5]), signedPreKey.publicKey]))
  return {
    identity,
    signedPreKey,
    signature,
    rawId: randomBytes(4).readUInt32BE() >>> 1,
    registrationId: 1 + (randomBytes(2).readUInt16BE() % 16_000),
  }
}

/** The account's signature under the device, and the device's own (ADV protocol). */
function signedDevice({ signedIdentityKey }, { identity, rawId }) {
  const { E2EE } = proto.ADVEncryptionType
  const details = Buffer.from(
    proto.ADVDeviceIdentity.encode({
      rawId,
      timestamp: Math.floor(Date.now() / 1000),
      keyIndex: DEVICE,
      accountType: E2EE,
      deviceType: E2EE,
    }).finish(),
  )
  const message = prefix => Buffer.concat([Buffer.from(prefix), details, signedIdentityKey.public])
  return {
    details,
    accountSignatureKey: identity.publicKey,
    accountSignature: sign(identity.privateKey, message([6, 0])),
    deviceSignature: sign(Buffer.from(signedIdentityKey.private), Buffer.concat([message([6, 1]), identity.publicKey])),
  }
}

/** As the simulator keeps an account across restarts. */
function savedPerson({ phoneNumber, lid, name, creds, phone, appState, seed }) {
  const text = bytes => Buffer.from(bytes).toString('base64')
  const pair = ({ publicKey, privateKey }) => ({ publicKey: text(publicKey), privateKey: text(privateKey) })
  const { keyPair, signature, keyId } = creds.signedPreKey
  return {
    phoneNumber,
    lid,
    name,
    nextDeviceId: DEVICE + 1,
    contacts: [],
    appState: {},
    companions: [
      {
        deviceId: DEVICE,
        noiseKey: text(creds.noiseKey.public),
        identity: text(creds.signedIdentityKey.public),
        registrationId: creds.registrationId,
        signedPreKey: { keyId, publicKey: text(keyPair.public), signature: text(signature) },
        platform: 'bench',
        linkedAt: Date.now(),
        confirmed: true,
        welcomed: true,
        preKeys: { uploads: [text(leftOnServer(seed))], handedOut: 0 },
        queue: [],
      },
    ],
    phone: {
      online: true,
      keys: {
        registrationId: phone.registrationId,
        rawId: phone.rawId,
        nextPreKeyId: 1,
        preKeys: [],
        identity: pair(phone.identity),
        signedPreKey: { ...pair(phone.signedPreKey), signature: text(phone.signature) },
        appState: { keyId: text(appState.keyId), keyData: text(appState.keyData), timestamp: appState.timestamp },
      },
      sessions: {},
      waiting: [],
      bubbles: [],
      sent: [],
    },
  }
}

/** Three bytes of id and the public key, for the last ones that were uploaded. */
function leftOnServer(seed) {
  const records = Array.from({ length: LEFT }, (_, index) => {
    const id = Buffer.alloc(3)
    id.writeUIntBE(UPLOADED - LEFT + 1 + index, 0, 3)
    return Buffer.concat([id, derivePreKey(seed, UPLOADED - LEFT + 1 + index).public])
  })
  return Buffer.concat(records)
}

function merge(one, other) {
  const types = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries([...types].map(type => [type, { ...one[type], ...other[type] }]))
}
