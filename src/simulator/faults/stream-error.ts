import { SERVER } from '../accounts/jid.js'
import { node } from '../wire/node-codec.js'
import { given, type Fault } from './fault.js'
import { happen } from './target.js'

/**
 * Ends the connection with `<stream:error>`. Params: code; conflict (its type); child (any other tag, `id` its attribute): all may be
 * absent, which the client cannot make sense of. phone and device, or at.
 */
export const streamError: Fault = (deps, params) => {
  const { conflict, child } = params
  const inner = [
    ...(conflict === undefined ? [] : [node('conflict', { type: String(conflict) })]),
    ...(child === undefined ? [] : [node(String(child), given(params, 'id'))]),
  ]
  const farewell = node('stream:error', given(params, 'code'), inner.length > 0 ? inner : undefined)
  happen(deps, params, line => line.dismiss(farewell))
}

/** Ends the stream in good order, as a server that restarts does. Params: phone and device, or at. */
export const streamEnd: Fault = (deps, params) => happen(deps, params, line => line.dismiss(node('xmlstreamend')))

/** Tells a device that the phone is too old for linked devices. Params: phone and device, or at. */
export const downgrade: Fault = (deps, params) =>
  happen(deps, params, line => line.send(node('ib', { from: SERVER }, [node('downgrade_webclient')])))
