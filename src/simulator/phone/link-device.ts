import type { Companion } from '../accounts/person.js'
import { ScanError } from '../errors.js'
import type { Pairing } from '../stanzas/pairing.js'
import { acceptDevice } from './accept-device.js'
import type { PhoneDevice } from './phone-device.js'
import { parseQrCode } from './qr-code.js'

/**
 * The phone's half of linking by QR: checks what the code claims against what the companion registered, and signs the new device.
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
  if (pairing.isFull(phone.person))
    throw new ScanError('too_many_devices', 'the account has all the devices it may have')
  if (!pairing.mayUse(link, phone.person, advSecret)) {
    throw new ScanError('qr_rotated', 'this code was retired, the device shows another one')
  }
  return acceptDevice(phone, pairing, link, advSecret)
}
