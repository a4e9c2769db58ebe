import { createHmac } from 'node:crypto'
import type { Companion } from '../accounts/person.js'
import type { Pairing, PendingLink } from '../stanzas/pairing.js'
import { proto } from '../wire/protobuf.js'
import type { PhoneDevice } from './phone-device.js'
import { signDeviceIdentity } from './sign-device.js'

/**
 * Signs a new device with the account's identity, and proves to it by the secret both came to share, out of a QR code or a
 * pairing code, that it was this phone that looked.
 */
export function acceptDevice(phone: PhoneDevice, pairing: Pairing, link: PendingLink, secret: Buffer): Companion {
  const { person, keys } = phone
  const deviceId = pairing.reserve(person)
  const { E2EE } = proto.ADVEncryptionType
  const { details, accountSignature } = signDeviceIdentity(phone, deviceId, link.identity)
  const accountKey = keys.identity.publicKey
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: accountKey,
    accountSignature,
  }).finish()
  const hmac = createHmac('sha256', secret).update(signed).digest()
  const blob = proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac, accountType: E2EE }).finish()
  return pairing.succeed(link, person, deviceId, { blob: Buffer.from(blob), details, accountKey })
}
