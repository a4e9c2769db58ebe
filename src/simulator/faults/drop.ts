import { connectionOf, type Fault } from './fault.js'

/** Cuts the TCP connection without a word. Params: phone, device. */
export const drop: Fault = (deps, params) => connectionOf(deps, params).cut()
