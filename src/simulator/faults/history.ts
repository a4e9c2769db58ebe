import { historyNotice, type HistoryPlan } from '../phone/history-blob.js'
import { sendPeer } from '../phone/send-peer.js'
import { companionOf, countParam, optionalCountParam, phoneOf, type Fault } from './fault.js'

/**
 * A phone's history lies on the media server, made up of `chats` (10) with `messages` (10) each. With `device` that device is told at once,
 * without it the next one that is linked. Params: phone; device; chats, messages; bytesPerSecond; cutAfter (bytes); status; wrongHash;
 * hugeBytes (served, never held).
 */
export const history: Fault = (deps, params) => {
  const phone = phoneOf(deps, params)
  const plan: HistoryPlan = {
    chats: countParam(params, 'chats', 10),
    messages: countParam(params, 'messages', 10),
    bytesPerSecond: optionalCountParam(params, 'bytesPerSecond'),
    cutAfter: optionalCountParam(params, 'cutAfter'),
    status: optionalCountParam(params, 'status'),
    hugeBytes: optionalCountParam(params, 'hugeBytes'),
    wrongHash: params['wrongHash'] === true,
  }
  const notice = historyNotice(deps.media, plan)
  if (params['device'] === undefined) return void (phone.nextHistory = notice)
  const companion = companionOf(deps, params)
  phone.soon(() => sendPeer(phone, companion, notice))
}

/** The next device a phone links gets no key for app state, until `give-app-state-key`. Params: phone. */
export const withholdAppStateKey: Fault = (deps, params) => void (phoneOf(deps, params).withholdsKey = true)

/** A phone shares its key for app state with a device. Params: phone, device. */
export const giveAppStateKey: Fault = (deps, params) => {
  const phone = phoneOf(deps, params)
  const companion = companionOf(deps, params)
  phone.soon(() => sendPeer(phone, companion, phone.keyShare()))
}
