import { createHmac } from 'node:crypto'
import type { Companion } from '../accounts/person.js'
import { ScanError } from '../errors.js'
import { now } from '../stanzas/clock.js'
import type { Pairing } from '../stanzas/pairing.js'
import { generateKeyPair, sign } from '../wire/curve.js'
import { proto } from '../wire/protobuf.js'
import type { PhoneDevice } from './phone-device.js'
import { parseQrCode } from './qr-code.js'

/** What the account signs with its identity: these two bytes, the details, the companion's identity (ADV protocol). */
const ACCOUNT_SIGNATURE = Buffer.from([6, 0])

/**
 * The phone's half of linking by QR: checks what the code claims against what the companion registered, signs the new device,
 * and proves to the companion, by the secret only the QR showed, that it was this phone that looked.
 * @throws ScanError
 */
export function linkDevice(phone: PhoneDevice, pairing: Pairing, qr: string): Companion {
  if (!phone.online) throw new ScanError('phone_offline', 'the phone has no connection')
  const { ref, noiseKey, identity, advSecret } = parseQrCode(qr)
  const link = pairing.find(ref)
  if (!link?.client.connection.open) throw new ScanError('qr_expired', 'this code is no longer valid')
  if (!link.noiseKey.equals(noiseKey) || !link.identity.equals(identity)) {
    throw new ScanError('qr_mismatch', 'this code does not belong to the device that asked for it')
  }
  if (!link.genuine) throw new ScanError('qr_bad_signature', 'the device signed its keys wrongly')
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
  const hmac = createHmac('sha256', advSecret).update(signed).digest()
  const blob = proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac, accountType: E2EE }).finish()
  return pairing.succeed(link, person, deviceId, {
    blob: Buffer.from(blob),
    details,
    accountKey: account.publicKey,
  })
}
