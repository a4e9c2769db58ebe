import { numberParam, type Fault } from './fault.js'

/** Sets how many companions an account may have, for everyone or for one phone. Params: max, phone. */
export const deviceLimit: Fault = (deps, params) => {
  const { phone } = params
  deps.limitDevices(numberParam(params, 'max'), phone === undefined ? undefined : String(phone))
}
