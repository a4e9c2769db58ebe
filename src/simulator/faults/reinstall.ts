import { jidOf } from '../accounts/jid.js'
import { node } from '../wire/node-codec.js'
import { now } from '../stanzas/clock.js'
import { SimulatorError } from '../errors.js'
import { phoneOf, type Fault } from './fault.js'

/**
 * The phone is another one from here on: new identity, new keys, no sessions, and the devices of its contacts are told so. For phones without
 * linked devices, which a new installation would log out. Params: phone; silent, to tell nobody.
 */
export const reinstall: Fault = (deps, params) => {
  const phone = phoneOf(deps, params)
  const { person } = phone
  if (person.companions.size > 0) throw new SimulatorError('bad_request', 'the phone has linked devices')
  phone.startAnew()
  if (params['silent'] === true) return
  const attrs = { type: 'encrypt', from: jidOf(person, 'pn'), id: `identity-${person.phoneNumber}-${now()}`, t: now() }
  for (const number of person.contacts)
    for (const companion of deps.accounts.get(number)?.companions.values() ?? [])
      if (companion.confirmed) companion.deliver(node('notification', attrs, [node('identity')]))
}
