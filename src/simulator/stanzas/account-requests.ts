import type { Companion } from '../accounts/person.js'
import { node } from '../wire/node-codec.js'
import { startDelivery, type DeliveryDeps } from './delivery.js'
import { IqRefusal, type IqHandler, type IqTable } from './iq.js'

const PRIVACY = ['readreceipts', 'profile', 'status', 'online', 'last', 'groupadd', 'calladd']

const empty: IqHandler = () => undefined

const ping: IqHandler = ({ companion }) => (companion.mishaps.pingsPaused ? 'silence' : undefined)

/**
 * The rest of what a client asks: keepalive, going active, settings, logging out; each with the least a client accepts.
 * `remove` takes a device off its account, as a log-out does.
 */
export function accountRequests(deps: DeliveryDeps, remove: (companion: Companion) => void): IqTable {
  return new Map<string, IqHandler>([
    ['get w:p ping', ping],
    ['get w:p', ping],
    [
      'set passive active',
      ({ client, afterwards }) => {
        afterwards(() => startDelivery(deps, client))
        return undefined
      },
    ],
    ['set passive passive', empty],
    ['get abt props', () => [node('props', { hash: 'sim', refresh: 86_400 })]],
    ['get blocklist', () => [node('list')]],
    ['set blocklist item', empty],
    ['get privacy privacy', () => [node('privacy', {}, PRIVACY.map(category))]],
    ['set privacy privacy', empty],
    ['set privacy tokens', empty],
    ['set urn:xmpp:whatsapp:dirty clean', empty],
    ['set status status', empty],
    ['set w:profile:picture picture', empty],
    [
      'get w:profile:picture picture',
      () => {
        throw new IqRefusal(404, 'item-not-found')
      },
    ],
    ['get w:biz business_profile', () => [node('business_profile')]],
    ['get w:g2 participating', () => [node('groups')]],
    [' w:stats add', empty],
    ['set w:stats add', empty],
    [
      'set md remove-companion-device',
      ({ companion, afterwards }) => {
        afterwards(() => remove(companion))
        return undefined
      },
    ],
  ])
}

function category(name: string): ReturnType<typeof node> {
  return node('category', { name, value: 'all' })
}
