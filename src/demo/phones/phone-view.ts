import type { CodeRequest, LinkedDevice, PhoneInfo, PhoneMessage } from '../../simulator/control-surface.js'
import type { ChatView, DeviceView, MessageView, PhoneView } from '../view.js'

/** A page shows this many of a chat's messages. */
const SHOWN_MESSAGES = 200

/** A phone with everything on it, as read from the simulator. */
export type PhoneContents = { info: PhoneInfo; messages: PhoneMessage[]; devices: LinkedDevice[]; codes: CodeRequest[] }

/** Tells whether a message that this phone received has been looked at. */
export type IsRead = (message: PhoneMessage) => boolean

export function presentPhone(
  { info, messages, devices, codes }: PhoneContents,
  all: PhoneInfo[],
  isRead: IsRead,
): PhoneView {
  const { phoneNumber, name, online } = info
  const others = all.filter(other => other.jid !== info.jid)
  const chats = others
    .map(other => presentChat(other, messages, isRead, false))
    .filter(chat => chat.messages.length > 0)
    .toSorted((one, other) => lastAt(other) - lastAt(one))
  return {
    phoneNumber,
    name,
    online,
    devices: devices.map(presentDevice),
    codeRequest: presentCodeRequest(codes),
    chats: [presentChat(info, messages, isRead, true), ...chats],
  }
}

function presentChat(partner: PhoneInfo, messages: PhoneMessage[], isRead: IsRead, own: boolean): ChatView {
  const here = messages.filter(message => message.chat === partner.jid)
  return {
    with: partner.phoneNumber,
    name: partner.name,
    own,
    unread: here.filter(message => !message.fromMe && !isRead(message)).length,
    messages: here.slice(-SHOWN_MESSAGES).map(message => presentMessage(message, own)),
  }
}

function presentMessage({ id, fromMe, text, timestamp, status }: PhoneMessage, own: boolean): MessageView {
  return { id, fromMe, text, at: timestamp * 1000, status: fromMe && !own ? (status ?? null) : null }
}

function presentDevice({ deviceId, platform, online, linkedAt }: LinkedDevice): DeviceView {
  return { deviceId, platform, online, linkedAt }
}

function presentCodeRequest(codes: CodeRequest[]): PhoneView['codeRequest'] {
  const newest = codes.findLast(({ open }) => open)
  return newest ? { platform: newest.platform, askedAt: newest.askedAt } : null
}

function lastAt(chat: ChatView): number {
  return chat.messages.at(-1)?.at ?? 0
}
