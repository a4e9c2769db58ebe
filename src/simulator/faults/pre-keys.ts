import { companionOf, countParam, numberParam, type Fault } from './fault.js'

const SERVER_ERROR = 500

/**
 * Refuses a device's next key uploads and keeps none of their keys. Params: phone, device; times (1); code (500), or silent: never answered.
 */
export const failPreKeyUpload: Fault = (deps, params) => {
  const code = params['silent'] === true ? undefined : numberParam(params, 'code', SERVER_ERROR)
  companionOf(deps, params).mishaps.failingUploads = { left: countParam(params, 'times'), code }
}

/** Tells a device a wrong number of one-time keys when it asks. Params: phone, device, value; times (1). */
export const preKeyCount: Fault = (deps, params) => {
  const value = numberParam(params, 'value')
  companionOf(deps, params).mishaps.falseCount = { left: countParam(params, 'times'), value }
}
