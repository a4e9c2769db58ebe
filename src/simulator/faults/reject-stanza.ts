import { optionalCountParam, whoParam, type Fault } from './fault.js'

/**
 * Ends the connection with `<stream:error><ack id>` when a device sends a certain stanza, and again each time it comes. The stanza is the one
 * with `id`, or the first that fits. Params: phone, device, tag (message), id; times (without end).
 */
export const rejectStanza: Fault = (deps, params) => {
  const { tag = 'message', id } = params
  deps.rejections.add({
    ...whoParam(params),
    tag: String(tag),
    id: id === undefined ? undefined : String(id),
    left: optionalCountParam(params, 'times') ?? Infinity,
  })
}
