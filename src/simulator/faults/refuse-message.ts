import { companionOf, numberParam, type Fault } from './fault.js'

/** Refuses the device's next message: the ack carries the code, and nobody gets it. Params: phone, device, code. */
export const refuseMessage: Fault = (deps, params) => {
  companionOf(deps, params).mishaps.refusal = numberParam(params, 'code')
}
