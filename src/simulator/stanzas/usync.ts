import type { Accounts } from '../accounts/accounts.js'
import { jidOf, parseJid } from '../accounts/jid.js'
import { Companion, type Person } from '../accounts/person.js'
import { child, children, node, textOf, type Node } from '../wire/node-codec.js'
import { now } from './clock.js'
import type { IqTable } from './iq.js'

type Question = { person: Person; jid: string; user: Node }

/** What each usync protocol says about one person. */
const PROTOCOLS: Record<string, (question: Question) => Node | undefined> = {
  devices: ({ person }) => deviceList(person),
  lid: ({ person, jid }) => (parseJid(jid)?.family === 'pn' ? node('lid', { val: jidOf(person, 'lid') }) : undefined),
  contact: () => node('contact', { type: 'in' }),
  status: () => node('status', { t: now() }, Buffer.from('')),
  disappearing_mode: () => node('disappearing_mode', { duration: 0, t: 0 }),
}

/** Who somebody is: devices, LID, whether a number is on WhatsApp. Each asked name is answered once, unknown ones not at all. */
export function usyncRequests(accounts: Accounts): IqTable {
  return new Map([
    [
      'get usync usync',
      ({ child: request }) => {
        const protocols = children(child(request, 'query')).map(protocol => protocol.tag)
        const questions = new Map<string, Question>()
        for (const user of children(child(request, 'list'), 'user')) {
          const question = understand(accounts, user)
          if (question) questions.set(question.jid, question)
        }
        const users = [...questions.values()].map(question => answer(question, protocols))
        const { sid, mode, context } = request?.attrs ?? {}
        return [node('usync', { sid, mode, context, last: 'true', index: 0 }, [node('list', {}, users)])]
      },
    ],
  ])
}

/** A user is named by JID, or by `+digits` when a number is being checked. */
function understand(accounts: Accounts, user: Node): Question | undefined {
  const named = user.attrs['jid']
  if (named !== undefined) {
    const person = accounts.find(named)
    const family = parseJid(named)?.family ?? 'pn'
    return person && { person, jid: jidOf(person, family), user }
  }
  const person = accounts.get((textOf(child(user, 'contact')) ?? '').replace(/^\+/, ''))
  return person && { person, jid: jidOf(person, 'pn'), user }
}

function answer(question: Question, protocols: string[]): Node {
  const parts = protocols.flatMap(protocol => PROTOCOLS[protocol]?.(question) ?? [])
  return node('user', { jid: question.jid }, parts)
}

/** Clients skip a companion whose `key-index` is missing or zero. */
function deviceList(person: Person): Node {
  const devices = person.devices().map(device => {
    const keyIndex = device instanceof Companion ? device.deviceId : undefined
    return node('device', { id: device.deviceId, 'key-index': keyIndex })
  })
  return node('devices', { version: 2 }, [
    node('device-list', { hash: `2:${devices.length}` }, devices),
    node('key-index-list', { ts: now() }),
  ])
}
