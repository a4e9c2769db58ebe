import { phoneOf, type Fault } from './fault.js'

/** The phone loses every Signal session, as after a restored backup: what comes next it cannot read until asked-for copies arrive. Params: phone. */
export const forgetSessions: Fault = (deps, params) => {
  phoneOf(deps, params).sessions.forgetAll()
}
