import type { Accounts } from '../accounts/accounts.js'
import { jidOf } from '../accounts/jid.js'
import type { Companion } from '../accounts/person.js'
import { node } from '../wire/node-codec.js'
import { now } from './clock.js'

/** Tells an account's other companions and those of its contacts that their device list is out of date, under both names. */
export function announceDevice(accounts: Accounts, companion: Companion, change: 'add' | 'remove'): void {
  const { person, deviceId } = companion
  const devices = (['pn', 'lid'] as const).map(family =>
    node('device', { jid: jidOf(person, family, deviceId), 'key-index': deviceId }),
  )
  const id = `devices-${change}-${person.phoneNumber}-${deviceId}`
  const attrs = { type: 'devices', from: jidOf(person, 'pn'), id, t: now() }
  const people = [person, ...[...person.contacts].flatMap(contact => accounts.get(contact) ?? [])]
  for (const other of people.flatMap(({ companions }) => [...companions.values()])) {
    if (other !== companion && other.confirmed) other.deliver(node('notification', attrs, [node(change, {}, devices)]))
  }
}
