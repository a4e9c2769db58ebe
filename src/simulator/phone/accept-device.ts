import { createHmac } from 'node:crypto'
import type { Companion } from '../accounts/person.js'
import { now } from '../stanzas/clock.js'
import type { Pairing, PendingLink } from '../stanzas/pairing.js'
import { generateKeyPair, sign } from '../wire/curve.js'
import { proto } from '../wire/protobuf.js'
import type { PhoneDevice } from './phone-device.js'

/** What the account signs with its identity: these two bytes, the details, the companion's identity (ADV protocol). */
const ACCOUNT_SIGNATURE = Buffer.from([6, 0])

/**
 * Signs a new device with the account's identity, and proves to it by the secret both came to share, out of a QR code or a
 * pairing code, that it was this phone that looked.
 */
export function acceptDevice(phone: PhoneDevice, pairing: Pairing, link: PendingLink, secret: Buffer): Companion {
  const { person, keys } = phone
  const deviceId = pairing.reserve(person)
  const { E2EE } = proto.ADVEncryptionType
  const account = keys.identity
  const signer = phone.forgesNextSignature ? generateKeyPair() : account
  phone.forgesNextSignature = false
  const details = Buffer.from(
    proto.ADVDeviceIdentity.encode({
      rawId: keys.rawId,
      timestamp: now(),
      keyIndex: deviceId,
      accountType: E2EE,
      deviceType: E2EE,
    }).finish(),
  )
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: account.publicKey,
    accountSignature: sign(signer.privateKey, Buffer.concat([ACCOUNT_SIGNATURE, details, link.identity])),
  }).finish()
  const hmac = createHmac('sha256', secret).update(signed).digest()
  const blob = proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac, accountType: E2EE }).finish()
  return pairing.succeed(link, person, deviceId, { blob: Buffer.from(blob), details, accountKey: account.publicKey })
}
