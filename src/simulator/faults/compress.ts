import { connectionOf, countParam, type Fault } from './fault.js'

/** Sends a device's next stanzas compressed, which takes it longer to read. Params: phone, device, count. */
export const compress: Fault = (deps, params) => connectionOf(deps, params).compress(countParam(params, 'count'))
