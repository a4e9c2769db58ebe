import { SimulatorError } from '../errors.js'
import { PhoneDevice } from '../phone/phone-device.js'
import { sendText } from '../phone/send-text.js'
import { companionOf, countParam, type Fault } from './fault.js'
import { planAt } from './target.js'

/** Stanzas an endless queue keeps under way. */
const UNDER_WAY = 20

/** The end of the offline queue is never told; messages go on coming. Params: phone and device; always. */
export const withholdOfflineEnd: Fault = (deps, params) => planAt(deps, params, 'queue', () => undefined)

/**
 * Delivers nothing behind one message until that one is acknowledged without an error, on this connection or any later one.
 * Params: phone, device; id (default: the first that waits at the next login); off.
 */
export const stuckQueue: Fault = (deps, params) => {
  const { mishaps } = companionOf(deps, params)
  const { id } = params
  if (params['off'] === true) delete mishaps.stuck
  else mishaps.stuck = { id: id === undefined ? undefined : String(id) }
}

/** From its next login on the device's offline queue never ends: `from` writes as fast as it takes. Params: phone, device, from; off. */
export const endlessQueue: Fault = (deps, params) => {
  const companion = companionOf(deps, params)
  if (params['off'] === true) return void delete companion.mishaps.endless
  const sender = deps.accounts.get(String(params['from'] ?? ''))?.phone
  if (!(sender instanceof PhoneDevice)) throw new SimulatorError('bad_request', 'the fault needs a phone called from')
  let sent = 0
  let busy = false
  const feed = (): void => {
    if (busy || companion.mishaps.endless !== feed || !companion.line || companion.queue.size >= UNDER_WAY) return
    busy = true
    sender.soon(async () => {
      await sendText(sender, companion.person, `endless ${++sent}`, 'pn')
      busy = false
      feed()
    })
  }
  companion.mishaps.endless = feed
}

/** Damages the next messages for a device, for good: it cannot read them however often they come. Params: phone, device, count. */
export const tamper: Fault = (deps, params) => {
  companionOf(deps, params).mishaps.tampered = countParam(params, 'count')
}

/** Delivers the next messages for a device several times. Params: phone, device, times (3), count. */
export const duplicate: Fault = (deps, params) => {
  const times = countParam(params, 'times', 3)
  companionOf(deps, params).mishaps.doubled = { left: countParam(params, 'count'), times }
}

/** Keeps the next messages for a device until `count` (2) came, and delivers them in another order. Params: phone, device, count. */
export const reorder: Fault = (deps, params) => {
  const { mishaps } = companionOf(deps, params)
  mishaps.shuffled = { count: countParam(params, 'count', 2), kept: [], shuffle: list => deps.chance.shuffled(list) }
}
