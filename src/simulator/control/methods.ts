import { randomUUID } from 'node:crypto'
import type { Hold, MessageMatch, Phone, SimulatorControl, StanzaMatch } from '../control-surface.js'
import { SimulatorError } from '../errors.js'
import { chaosMethods } from './chaos-methods.js'
import { connectionMethods } from './connection-methods.js'
import { number, object, oneOf, optional, text, type Method, type Params } from './values.js'

export type MethodDeps = { simulator: SimulatorControl; stop: () => Promise<void> }

const FAMILIES = ['pn', 'lid'] as const
const DIRECTIONS = ['in', 'out'] as const
const STATES = ['online', 'offline', 'linked'] as const

/** Every verb of the control channel: the in-process interface, one method each, with its parameters checked. */
export function controlMethods({ simulator, stop }: MethodDeps): Map<string, Method> {
  const holds = new Map<string, Hold>()
  const phone = (params: Params): Promise<Phone> => simulator.phone(text(params, 'phone'))
  return new Map<string, Method>([
    [
      'describe',
      async () => {
        const { url, urls, mediaUrl, rootKey } = simulator
        return { url, urls, mediaUrl, rootKey }
      },
    ],
    ['phones', () => simulator.phones()],
    ['ledger', params => simulator.ledger(stanzaMatch(object(params, 'match')))],
    ['problems', () => simulator.problems()],
    ...connectionMethods(simulator),
    ...chaosMethods(simulator),
    ['fault', params => simulator.fault(text(params, 'name'), faultParams(object(params, 'params')))],
    [
      'stanza.wait',
      params => {
        const match = object(params, 'match')
        const wanted = { ...stanzaMatch(match), since: optional(number, match, 'since') }
        return simulator.waitForStanza(wanted, optional(number, params, 'timeoutMs'))
      },
    ],
    [
      'hold',
      async params => {
        const id = randomUUID()
        holds.set(id, await simulator.hold(stanzaMatch(object(params, 'match'))))
        return id
      },
    ],
    ['hold.reached', params => heldBy(holds, params).reached],
    ['hold.release', params => heldBy(holds, params).release()],
    ['hold.drop', params => heldBy(holds, params).drop()],
    [
      'phone',
      async params => {
        const found = await simulator.phone(text(params, 'phone'), { name: optional(text, params, 'name') })
        const { phoneNumber, lid, jid, name } = found
        return { phoneNumber, lid, jid, name }
      },
    ],
    ['phone.scan', async params => (await phone(params)).scan(text(params, 'qr'))],
    [
      'phone.scanPicture',
      async params => (await phone(params)).scanPicture(Buffer.from(text(params, 'png'), 'base64')),
    ],
    [
      'phone.enterCode',
      async params => (await phone(params)).enterCode(text(params, 'code'), { of: optional(text, params, 'of') }),
    ],
    ['phone.codeRequests', async params => (await phone(params)).codeRequests()],
    [
      'phone.waitForCodeRequest',
      async params => (await phone(params)).waitForCodeRequest(optional(number, params, 'timeoutMs')),
    ],
    [
      'phone.send',
      async params => {
        const addressing = optional((held, name) => oneOf(held, name, FAMILIES), params, 'addressing')
        return (await phone(params)).send(text(params, 'to'), text(params, 'text'), { addressing })
      },
    ],
    [
      'phone.sendMany',
      async params => {
        const options = { text: optional(text, params, 'text'), undecryptable: params['undecryptable'] === true }
        return (await phone(params)).sendMany(text(params, 'to'), number(params, 'count'), options)
      },
    ],
    ['phone.messages', async params => (await phone(params)).messages(optional(text, params, 'chat'))],
    [
      'phone.waitForMessage',
      async params => {
        const match = messageMatch(object(params, 'match'))
        return (await phone(params)).waitForMessage(match, optional(number, params, 'timeoutMs'))
      },
    ],
    ['phone.waitForQuiet', async params => (await phone(params)).waitForQuiet()],
    ['phone.read', async params => (await phone(params)).read(text(params, 'chat'))],
    ['phone.devices', async params => (await phone(params)).devices()],
    [
      'phone.waitForDevice',
      async params => {
        const state = oneOf(params, 'state', STATES)
        return (await phone(params)).waitForDevice(state, optional(number, params, 'timeoutMs'))
      },
    ],
    ['phone.unlink', async params => (await phone(params)).unlink(number(params, 'deviceId'))],
    ['phone.goOffline', async params => (await phone(params)).goOffline()],
    ['phone.goOnline', async params => (await phone(params)).goOnline()],
    ['stop', () => stop()],
  ])
}

function heldBy(holds: Map<string, Hold>, params: Params): Hold {
  const hold = holds.get(text(params, 'id'))
  if (!hold) throw new SimulatorError('bad_request', 'there is no such hold')
  return hold
}

/** Picks what a match may contain out of JSON; anything else is ignored. */
function stanzaMatch(json: Params): StanzaMatch {
  const match: StanzaMatch = {}
  if (json['direction'] !== undefined) match.direction = oneOf(json, 'direction', DIRECTIONS)
  for (const name of ['tag', 'type', 'id', 'xmlns', 'account', 'child'] as const) {
    if (json[name] !== undefined) match[name] = text(json, name)
  }
  if (json['device'] !== undefined) match.device = number(json, 'device')
  if (json['where'] !== undefined) {
    const where = object(json, 'where')
    match.where = Object.fromEntries(Object.keys(where).map(name => [name, text(where, name)]))
  }
  return match
}

function messageMatch(json: Params): MessageMatch {
  const match: MessageMatch = {}
  for (const name of ['text', 'from'] as const) if (json[name] !== undefined) match[name] = text(json, name)
  if (typeof json['fromMe'] === 'boolean') match.fromMe = json['fromMe']
  if (json['nth'] !== undefined) match.nth = number(json, 'nth')
  return match
}

function faultParams(json: Params): Record<string, string | number | boolean> {
  const params: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(json)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') params[name] = value
  }
  return params
}
