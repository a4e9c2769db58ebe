import { numberParam, type Fault } from './fault.js'

/** Answers websocket upgrades with an HTTP status; 0 lets them through again. Params: status. */
export const upgradeStatus: Fault = (deps, params) => deps.refuseUpgrades(numberParam(params, 'status') || undefined)
