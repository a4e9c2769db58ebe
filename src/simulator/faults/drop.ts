import type { Fault } from './fault.js'
import { happen } from './target.js'

/** Cuts the TCP connection without a word; at a moment, once what was sent until then has left. Params: phone and device, or at. */
export const drop: Fault = (deps, params) => {
  const atOnce = params['at'] === undefined || params['at'] === 'registering'
  happen(deps, params, line => (atOnce ? line.cut() : line.cutOnceSent()))
}
