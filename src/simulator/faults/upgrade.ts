import { SimulatorError } from '../errors.js'
import { numberParam, type Fault } from './fault.js'

/**
 * Answers websocket upgrades with an HTTP status; 0 lets them through again. Params: status; location and retryAfter become
 * the headers of those names.
 */
export const upgradeStatus: Fault = (deps, params) => {
  const status = numberParam(params, 'status')
  if (status !== 0 && (status < 200 || status > 599)) throw new SimulatorError('bad_request', 'no such HTTP status')
  const { location, retryAfter } = params
  const headers = {
    ...(location === undefined ? {} : { Location: String(location) }),
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  }
  deps.answerUpgrades(status === 0 ? undefined : { status, headers })
}

/** Takes TCP connections and never answers their upgrade; `off` lets new ones through again. Params: off. */
export const upgradeSilence: Fault = (deps, params) => {
  deps.answerUpgrades(params['off'] === true ? undefined : 'silence')
}

/** Answers upgrades with a TCP reset; `off` lets new ones through again. Params: off. */
export const upgradeReset: Fault = (deps, params) => {
  deps.answerUpgrades(params['off'] === true ? undefined : 'reset')
}
