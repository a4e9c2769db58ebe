import type { Fault } from './fault.js'

/**
 * Ends the connection with `<stream:error><ack id>` when a device sends a certain stanza, and again each time it comes. The stanza is the one
 * with `id`, or the first that fits. Params: phone, device, tag (message), id; times (without end).
 */
export const rejectStanza: Fault = (deps, params) => {
  const { phone, device, tag = 'message', id, times } = params
  deps.rejections.add({
    phone: phone === undefined ? undefined : String(phone),
    device: typeof device === 'number' ? device : undefined,
    tag: String(tag),
    id: id === undefined ? undefined : String(id),
    left: typeof times === 'number' ? times : Infinity,
  })
}
