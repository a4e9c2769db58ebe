import type { Accounts } from '../accounts/accounts.js'
import { AppState } from '../accounts/app-state.js'
import { Companion, type Person } from '../accounts/person.js'
import { PreKeyPool } from '../accounts/pre-keys.js'
import { StanzaQueue } from '../accounts/stanza-queue.js'
import type { PhoneMessage } from '../control-surface.js'
import { PhoneDevice } from '../phone/phone-device.js'
import { PhoneKeys, type SavedPhoneKeys } from '../phone/phone-keys.js'
import type { SentMessages } from '../phone/sent-messages.js'
import type { SavedSessions } from '../phone/signal-sessions.js'
import { readNode, saveNode, type SavedNode } from './saved-node.js'

type SavedCompanion = {
  deviceId: number
  noiseKey: string
  identity: string
  registrationId: number
  signedPreKey: { keyId: number; publicKey: string; signature: string }
  platform: string
  linkedAt: number
  confirmed: boolean
  welcomed: boolean
  preKeys: ReturnType<PreKeyPool['save']>
  queue: SavedNode[]
}

type SavedPhone = {
  online: boolean
  keys: SavedPhoneKeys
  sessions: SavedSessions
  waiting: SavedNode[]
  bubbles: PhoneMessage[]
  sent: ReturnType<SentMessages['save']>
}

/** Everything one account needs to be the same account after a restart. */
export type SavedPerson = {
  phoneNumber: string
  lid: string
  name: string
  nextDeviceId: number
  contacts: string[]
  appState: Record<string, string[]>
  companions: SavedCompanion[]
  phone: SavedPhone
}

const text = (value: Buffer): string => value.toString('base64')
const bytes = (value: string): Buffer => Buffer.from(value, 'base64')

export function savePerson(person: Person): SavedPerson | undefined {
  const { phone } = person
  if (!(phone instanceof PhoneDevice)) return undefined
  return {
    phoneNumber: person.phoneNumber,
    lid: person.lidUser,
    name: person.name,
    nextDeviceId: person.nextDeviceId,
    contacts: [...person.contacts],
    appState: person.appState.save(),
    companions: [...person.companions.values()].map(saveCompanion),
    phone: {
      online: phone.online,
      keys: phone.keys.save(),
      sessions: phone.sessions.save(),
      waiting: phone.waiting().map(saveNode),
      bubbles: phone.inbox.save(),
      sent: phone.sent.save(),
    },
  }
}

/** Brings a person back; the phone starts on what it had not read yet once it is told to resume. */
export function restorePerson(accounts: Accounts, saved: SavedPerson): PhoneDevice | undefined {
  const person = accounts.create(saved.phoneNumber, saved.name, saved.lid)
  for (const contact of saved.contacts) person.contacts.add(contact)
  person.nextDeviceId = saved.nextDeviceId
  person.appState = AppState.restore(saved.appState)
  for (const companion of saved.companions) {
    person.companions.set(companion.deviceId, restoreCompanion(person, companion))
  }
  const { phone } = person
  if (!(phone instanceof PhoneDevice)) return undefined
  const { keys, sessions, waiting, bubbles, sent, online } = saved.phone
  phone.restore(PhoneKeys.restore(keys), waiting.map(readNode), online)
  phone.sessions.restore(sessions)
  phone.inbox.restore(bubbles)
  phone.sent.restore(sent)
  return phone
}

function saveCompanion(companion: Companion): SavedCompanion {
  const { confirmed, welcomed, details, preKeys, queue } = companion
  const { signedPreKey, noiseKey, identity, ...plain } = details
  return {
    ...plain,
    noiseKey: text(noiseKey),
    identity: text(identity),
    signedPreKey: {
      keyId: signedPreKey.keyId,
      publicKey: text(signedPreKey.publicKey),
      signature: text(signedPreKey.signature),
    },
    confirmed,
    welcomed,
    preKeys: preKeys.save(),
    queue: queue.all().map(saveNode),
  }
}

function restoreCompanion(person: Person, saved: SavedCompanion): Companion {
  const { deviceId, registrationId, platform, linkedAt, signedPreKey, confirmed, welcomed } = saved
  const details = {
    deviceId,
    registrationId,
    platform,
    linkedAt,
    noiseKey: bytes(saved.noiseKey),
    identity: bytes(saved.identity),
    signedPreKey: {
      keyId: signedPreKey.keyId,
      publicKey: bytes(signedPreKey.publicKey),
      signature: bytes(signedPreKey.signature),
    },
  }
  const queue = new StanzaQueue()
  for (const stanza of saved.queue) queue.add(readNode(stanza))
  const companion = new Companion(person, details, PreKeyPool.restore(saved.preKeys), queue)
  return Object.assign(companion, { confirmed, welcomed })
}
