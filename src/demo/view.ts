/** What the phones page shows, as the demo's server tells it. Plain data, shared by both sides. */
export type DemoView = {
  phones: PhoneView[]
  /** There are numbers left for another phone. */
  canAddPhone: boolean
}

export type PhoneView = {
  /** digits only; what requests name a phone by */
  phoneNumber: string
  name: string
  online: boolean
  devices: DeviceView[]
  /** somebody asked for a code for this number, and it can still be typed; the newest such request */
  codeRequest: { platform: string; askedAt: number } | null
  /** the own chat first, whether or not anything is in it; then those with messages, newest first */
  chats: ChatView[]
}

export type DeviceView = {
  deviceId: number
  platform: string
  online: boolean
  /** milliseconds since the epoch */
  linkedAt: number
}

export type ChatView = {
  /** phone number of the other side; the phone's own number for the own chat */
  with: string
  name: string
  own: boolean
  unread: number
  /** oldest first */
  messages: MessageView[]
}

export type MessageView = {
  id: string
  fromMe: boolean
  /** null for a message that shows no text here */
  text: string | null
  /** milliseconds since the epoch */
  at: number
  /** of an own message to somebody else */
  status: 'sent' | 'delivered' | 'read' | null
}

/** RFC 9457, as every refused request is answered. `detail` is a sentence for the person at the page. */
export type DemoProblem = { type: string; title: string; status: number; code: string; detail: string }
