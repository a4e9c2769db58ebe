import { companionOf, type Fault } from './fault.js'

/** Leaves keepalives unanswered until resumed. Params: phone, device. */
export const pausePings: Fault = (deps, params) => void (companionOf(deps, params).pingsPaused = true)

/** Answers keepalives again. Params: phone, device. */
export const resumePings: Fault = (deps, params) => void (companionOf(deps, params).pingsPaused = false)
