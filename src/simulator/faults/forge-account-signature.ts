import { phoneOf, type Fault } from './fault.js'

/** The phone signs the next device it links with a key that is not its account's. Params: phone. */
export const forgeAccountSignature: Fault = (deps, params) => {
  phoneOf(deps, params).forgesNextSignature = true
}
