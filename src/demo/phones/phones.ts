import type { Phone, PhoneInfo, PhoneMessage, SimulatorControl } from '../../simulator/control-surface.js'
import type { DemoView } from '../view.js'
import { firstPhones, nextInCast } from './cast.js'
import { presentPhone, type PhoneContents } from './phone-view.js'
import { PhonesError } from './phones-error.js'

/** What a visitor can do with the phones. Phones are named by their number, and only those that exist are found. */
export interface Phones {
  view(): Promise<DemoView>
  /** @throws PhonesError `no_more_phones` */
  add(): Promise<{ phoneNumber: string }>
  /** Holds the phone's camera before a PNG picture. @throws PhonesError, or what the phone says about the picture */
  scan(phoneNumber: string, picture: Uint8Array): Promise<{ deviceId: number }>
  /** Types a pairing code. @throws PhonesError, or what the phone says about the code */
  enterCode(phoneNumber: string, code: string): Promise<{ deviceId: number }>
  send(phoneNumber: string, to: string, text: string): Promise<{ id: string }>
  /** Marks a chat as read; the other side hears of it. */
  read(phoneNumber: string, chat: string): Promise<void>
  unlink(phoneNumber: string, deviceId: number): Promise<void>
  setOnline(phoneNumber: string, online: boolean): Promise<void>
}

/** The phones of a simulator in another process; the first ones are made if they are not there yet. */
export async function openPhones(simulator: SimulatorControl): Promise<Phones> {
  for (const { phoneNumber, name } of firstPhones) await simulator.phone(phoneNumber, { name })
  /** Looked at, though the sender cannot know yet: a read receipt waits while the sender's phone is offline. */
  const seen = new Set<string>()

  const find = async (phoneNumber: string): Promise<Phone> => {
    const known = (await simulator.phones()).some(info => info.phoneNumber === phoneNumber)
    if (!known) throw new PhonesError('unknown_phone', 404, 'There is no such phone.')
    return simulator.phone(phoneNumber)
  }

  return {
    async view() {
      const infos = await simulator.phones()
      const contents = await Promise.all(infos.map(info => readPhone(simulator, info)))
      const read = readBySender(contents)
      return {
        phones: contents.map(held =>
          presentPhone(held, infos, message => read.has(message.id) || seen.has(`${held.info.jid} ${message.id}`)),
        ),
        canAddPhone: nextInCast(infos.map(info => info.phoneNumber)) !== null,
      }
    },
    async add() {
      const next = nextInCast((await simulator.phones()).map(info => info.phoneNumber))
      if (next === null) throw new PhonesError('no_more_phones', 409, 'The demo has no more phones.')
      await simulator.phone(next.phoneNumber, { name: next.name })
      return { phoneNumber: next.phoneNumber }
    },
    async scan(phoneNumber, picture) {
      const { deviceId } = await (await find(phoneNumber)).scanPicture(picture)
      return { deviceId }
    },
    async enterCode(phoneNumber, code) {
      const { deviceId } = await (await find(phoneNumber)).enterCode(code)
      return { deviceId }
    },
    async send(phoneNumber, to, text) {
      const [from, recipient] = await Promise.all([find(phoneNumber), find(to)])
      return from.send(recipient.jid, text)
    },
    async read(phoneNumber, chat) {
      const [phone, partner] = await Promise.all([find(phoneNumber), find(chat)])
      if (phone.jid === partner.jid) return
      for (const { id, fromMe } of await phone.messages(partner.jid)) if (!fromMe) seen.add(`${phone.jid} ${id}`)
      await phone.read(partner.jid)
    },
    async unlink(phoneNumber, deviceId) {
      await (await find(phoneNumber)).unlink(deviceId)
    },
    async setOnline(phoneNumber, online) {
      const phone = await find(phoneNumber)
      await (online ? phone.goOnline() : phone.goOffline())
    },
  }
}

async function readPhone(simulator: SimulatorControl, info: PhoneInfo): Promise<PhoneContents> {
  const phone = await simulator.phone(info.phoneNumber)
  const [messages, devices, codes] = await Promise.all([phone.messages(), phone.devices(), phone.codeRequests()])
  return { info, messages, devices, codes }
}

/** Ids of messages whose sender has been told that they were read: the simulator remembers that across restarts. */
function readBySender(contents: PhoneContents[]): Set<string> {
  const isRead = ({ fromMe, status }: PhoneMessage): boolean => fromMe && status === 'read'
  return new Set(contents.flatMap(({ messages }) => messages.filter(isRead).map(message => message.id)))
}
