import { companionOf, numberParam, type Fault } from './fault.js'

/** Answers the device's next login with `<failure reason>`. Params: phone, device, reason. */
export const failNextLogin: Fault = (deps, params) => {
  companionOf(deps, params).failNextLogin = numberParam(params, 'reason')
}
