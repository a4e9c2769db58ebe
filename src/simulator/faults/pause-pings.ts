import { companionOf, type Fault } from './fault.js'

/** Leaves keepalives unanswered. Params: phone, device; off. */
export const pausePings: Fault = (deps, params) => {
  const { mishaps } = companionOf(deps, params)
  if (params['off'] === true) delete mishaps.pingsPaused
  else mishaps.pingsPaused = true
}
