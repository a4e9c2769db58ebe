import { randomBytes } from 'node:crypto'
import { generateKeyPair, sign, signalKey } from '../../dist/simulator/wire/curve.js'
import {
  ProtocolAddress,
  SessionBuilder,
  SessionCipher,
  SessionRecord,
} from '../../dist/simulator/phone/signal-library.js'

const FIRST_LID = 300_000_000_000_000
const FIRST_PHONE = 254_780_000_000
/** Contacts of different accounts are different people. */
const MOST = 1_000

let written = null

/**
 * What a device keeps of contacts who have written to it once: a ratchet, an identity and the two names of each. The ratchet is a real one,
 * made once and kept under every name: what an idle session costs depends on its size, not on whose it is.
 *
 * @param {number} count
 * @param {number} account
 * @returns {Promise<Record<string, Record<string, unknown>>>} Baileys' types to ids to values
 */
export async function contactKeys(count, account) {
  if (count === 0) return {}
  written ??= firstMessage()
  const session = await written
  const keys = { session: {}, 'identity-key': {}, 'lid-mapping': {} }
  for (let index = 0; index < count; index += 1) {
    const lid = String(FIRST_LID + account * MOST + index)
    const phone = String(FIRST_PHONE + account * MOST + index)
    keys.session[`${lid}_1.0`] = structuredClone(session)
    keys['identity-key'][`${lid}_1.0`] = Buffer.concat([Buffer.from([5]), randomBytes(32)])
    Object.assign(keys['lid-mapping'], { [phone]: lid, [`${lid}_reverse`]: phone })
  }
  return keys
}

/** The record of a session that a contact has opened with its first message. */
async function firstMessage() {
  const [device, contact] = [party(), party()]
  const address = new ProtocolAddress(String(FIRST_LID), 0)
  await new SessionBuilder(contact.storage, address).initOutgoing({
    registrationId: device.registrationId,
    identityKey: signalKey(device.identity.publicKey),
    signedPreKey: { keyId: 1, publicKey: signalKey(device.signed.publicKey), signature: device.signature },
    preKey: { keyId: 2, publicKey: signalKey(device.oneTime.publicKey) },
  })
  const { body } = await new SessionCipher(contact.storage, address).encrypt(Buffer.from('hello'))
  await new SessionCipher(device.storage, address).decryptPreKeyWhisperMessage(Buffer.from(body))
  return device.records.get(address.toString()).serialize()
}

function party() {
  const [identity, signed, oneTime] = [generateKeyPair(), generateKeyPair(), generateKeyPair()]
  const signature = sign(identity.privateKey, signalKey(signed.publicKey))
  const records = new Map()
  const pair = ({ publicKey, privateKey }) => ({ pubKey: signalKey(publicKey), privKey: privateKey })
  const storage = {
    loadSession: async address => records.get(address),
    storeSession: async (address, record) => void records.set(address, SessionRecord.deserialize(record.serialize())),
    isTrustedIdentity: () => true,
    loadIdentityKey: async () => undefined,
    saveIdentity: async () => true,
    loadPreKey: async () => pair(oneTime),
    removePreKey: async () => undefined,
    loadSignedPreKey: () => pair(signed),
    getOurRegistrationId: () => 4_711,
    getOurIdentity: () => pair(identity),
  }
  return { identity, signed, oneTime, signature, registrationId: 4_711, records, storage }
}
