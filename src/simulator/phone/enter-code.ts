import type { Companion } from '../accounts/person.js'
import { PairingCodeError, SimulatorError } from '../errors.js'
import type { Pairing } from '../stanzas/pairing.js'
import type { PairingCodes, PendingCode } from '../stanzas/pairing-codes.js'
import { agree, generateKeyPair } from '../wire/curve.js'
import { linkSecret, openBundle, unwrapKey, wrapKey } from '../wire/pairing-code.js'
import { acceptDevice } from './accept-device.js'
import type { PhoneDevice } from './phone-device.js'

const CODE = /^[A-Z0-9]{8}$/

/** `patienceMs`: how long the phone waits for a device to answer */
export type EnterCodeDeps = { pairing: Pairing; codes: PairingCodes; patienceMs: number }

/**
 * The phone's half of linking by code. A code says nothing about the device it belongs to, so the phone tries the devices that
 * asked for this number, newest first; the right one is the one whose key bundle opens.
 * `phoneNumber` is whose request is answered: another number than the phone's is what a server that misroutes would bring about.
 * @throws PairingCodeError
 */
export async function enterCode(
  phone: PhoneDevice,
  deps: EnterCodeDeps,
  typed: string,
  phoneNumber: string,
): Promise<Companion> {
  const letters = typed.replaceAll(/[\s-]/g, '').toUpperCase()
  if (!CODE.test(letters)) throw new PairingCodeError('code_malformed', 'a code has eight letters and digits')
  if (!phone.online) throw new PairingCodeError('phone_offline', 'the phone has no connection')
  const { codes, pairing } = deps
  const open = codes.open(phoneNumber)
  if (codes.requests(phoneNumber).length === 0) throw new PairingCodeError('no_code_pending', 'nobody asked for a code')
  if (pairing.isFull(phone.person)) throw tooMany()
  let silent = false
  for (const code of open) {
    const turn = code.lane.then(() => secretOf(phone, deps, code, letters))
    code.lane = turn.catch(() => undefined)
    const secret = await turn
    silent ||= secret === 'silence'
    if (!secret || secret === 'silence' || code.link.code !== code) continue
    // others may have been linked while the devices answered
    if (pairing.isFull(phone.person)) throw tooMany()
    return acceptDevice(phone, pairing, code.link, secret)
  }
  if (codes.open(phoneNumber).length === 0) throw new PairingCodeError('code_expired', 'this code is no longer valid')
  if (silent) throw new PairingCodeError('code_unanswered', 'a device that asked does not answer')
  throw new PairingCodeError('code_wrong', 'no device that asked shows this code')
}

function tooMany(): PairingCodeError {
  return new PairingCodeError('too_many_devices', 'the account has all the devices it may have')
}

/** Both ends' shared secret; undefined when this code is not the one that device shows, or the device is gone. */
async function secretOf(
  phone: PhoneDevice,
  { codes, patienceMs }: EnterCodeDeps,
  code: PendingCode,
  letters: string,
): Promise<Buffer | 'silence' | undefined> {
  const { link } = code
  if (link.code !== code) return undefined
  const own = generateKeyPair()
  const companionKey = await unwrapKey(letters, code.wrappedKey)
  const { identity } = phone.keys
  const wrapped = await wrapKey(letters, own.publicKey)
  const bundle = await codes.primaryHello(code, wrapped, identity.publicKey, patienceMs).catch((error: unknown) => {
    if (error instanceof PairingCodeError) return undefined
    if (error instanceof SimulatorError && error.code === 'wait_timeout') return 'silence'
    throw error
  })
  if (!bundle || bundle === 'silence') return bundle
  const shared = agree(own, companionKey)
  const contents = openBundle(shared, bundle)
  if (!contents) return undefined
  const { companionIdentity, primaryIdentity, random } = contents
  const honest = companionIdentity.equals(link.identity) && primaryIdentity.equals(identity.publicKey)
  if (!honest || !link.genuine) {
    throw new PairingCodeError('code_mismatch', 'this code does not belong to the device that asked for it')
  }
  return linkSecret(shared, agree(identity, companionIdentity), random)
}
