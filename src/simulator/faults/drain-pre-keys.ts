import { SERVER } from '../accounts/jid.js'
import { now } from '../stanzas/clock.js'
import { node } from '../wire/node-codec.js'
import { companionOf, numberParam, type Fault } from './fault.js'

/** Takes away one-time keys until `leave` (default 0) are left, and tells the device. Params: phone, device, leave. */
export const drainPreKeys: Fault = (deps, params) => {
  const companion = companionOf(deps, params)
  companion.preKeys.drain(numberParam(params, 'leave', 0))
  const count = node('count', { value: companion.preKeys.count })
  const id = `drained-${Date.now().toString(36)}`
  companion.deliver(node('notification', { type: 'encrypt', from: SERVER, id, t: now() }, [count]))
}
