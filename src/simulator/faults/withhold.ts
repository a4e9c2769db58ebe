import type { Fault } from './fault.js'
import { planAt } from './target.js'

/** A phone said yes and the device never hears of it. Params: phone, always. */
export const withholdPairSuccess: Fault = (deps, params) => planAt(deps, params, 'scan', () => undefined)

/** A device that completed its link is not told to connect again. Params: phone, always. */
export const withholdRestart: Fault = (deps, params) => planAt(deps, params, 'confirmed', () => undefined)
