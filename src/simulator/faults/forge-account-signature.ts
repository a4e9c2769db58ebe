import { SimulatorError } from '../errors.js'
import { PhoneDevice } from '../phone/phone-device.js'
import type { Fault } from './fault.js'

/** The phone signs the next device it links with a key that is not its account's. Params: phone. */
export const forgeAccountSignature: Fault = (deps, params) => {
  const phone = deps.accounts.get(String(params['phone'] ?? ''))?.phone
  if (!(phone instanceof PhoneDevice)) throw new SimulatorError('bad_request', 'the fault needs a phone')
  phone.forgesNextSignature = true
}
