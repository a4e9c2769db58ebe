import { randomBytes } from 'node:crypto'
import { jidOf } from '../accounts/jid.js'
import type { Person } from '../accounts/person.js'
import type { ManyOptions } from '../control-surface.js'
import { node } from '../wire/node-codec.js'
import { messageId } from './send-peer.js'
import type { PhoneDevice } from './phone-device.js'
import { sendText } from './send-text.js'

const GARBAGE_BYTES = 80

/** `text 1`, `text 2`, … one after the other; or messages nobody can read, and nobody will be sent again. */
export async function sendMany(phone: PhoneDevice, to: Person, count: number, options: ManyOptions): Promise<string[]> {
  const { text = 'message', undecryptable = false } = options
  const ids: string[] = []
  for (let place = 1; place <= count; place++) {
    const send = async (): Promise<{ id: string }> =>
      undecryptable ? sendGarbage(phone, to) : sendText(phone, to, `${text} ${place}`, 'pn')
    ids.push((await phone.inTurn(send)).id)
  }
  return ids
}

function sendGarbage(phone: PhoneDevice, to: Person): { id: string } {
  const id = messageId()
  const copies = [...to.companions.values()]
    .filter(({ confirmed }) => confirmed)
    .map(({ deviceId }) => {
      const enc = node('enc', { v: 2, type: 'msg' }, randomBytes(GARBAGE_BYTES))
      return node('to', { jid: jidOf(to, 'pn', deviceId) }, [enc])
    })
  phone.send(node('message', { id, to: jidOf(to, 'pn'), type: 'text' }, [node('participants', {}, copies)]))
  return { id }
}
