import { SimulatorError } from '../errors.js'
import { PhoneDevice } from '../phone/phone-device.js'
import type { Fault } from './fault.js'

/** The phone loses every Signal session, as after a restored backup: what comes next it cannot read until asked-for copies arrive. Params: phone. */
export const forgetSessions: Fault = (deps, params) => {
  const phone = deps.accounts.get(String(params['phone'] ?? ''))?.phone
  if (!(phone instanceof PhoneDevice)) throw new SimulatorError('bad_request', 'the fault needs a phone')
  phone.sessions.forgetAll()
}
