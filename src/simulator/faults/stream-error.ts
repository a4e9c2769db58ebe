import { dismiss, streamError as streamErrorNode } from '../stanzas/stream-end.js'
import { connectionOf, numberParam, type Fault } from './fault.js'

/** Ends the connection with `<stream:error code>`. Params: phone, device, code. */
export const streamError: Fault = (deps, params) => {
  dismiss(connectionOf(deps, params), streamErrorNode(numberParam(params, 'code')))
}
