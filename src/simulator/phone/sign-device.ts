import { now } from '../stanzas/clock.js'
import { generateKeyPair, sign } from '../wire/curve.js'
import { proto } from '../wire/protobuf.js'
import type { PhoneDevice } from './phone-device.js'

/** What the account signs with its identity: these two bytes, the details, the companion's identity (ADV protocol). */
const ACCOUNT_SIGNATURE = Buffer.from([6, 0])

/** Describes a new device and signs it with the account's identity, or with a wrong key if the phone was told to. */
export function signDeviceIdentity(
  phone: PhoneDevice,
  deviceId: number,
  identity: Uint8Array,
): { details: Buffer; accountSignature: Buffer } {
  const { keys } = phone
  const { E2EE } = proto.ADVEncryptionType
  const signer = phone.forgesNextSignature ? generateKeyPair() : keys.identity
  phone.forgesNextSignature = false
  const description = { rawId: keys.rawId, timestamp: now(), keyIndex: deviceId, accountType: E2EE, deviceType: E2EE }
  const details = Buffer.from(proto.ADVDeviceIdentity.encode(description).finish())
  const accountSignature = sign(signer.privateKey, Buffer.concat([ACCOUNT_SIGNATURE, details, identity]))
  return { details, accountSignature }
}
