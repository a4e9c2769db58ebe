/** The only file of the simulator that knows what a JID looks like. */

/** Which of its two names a person is called by. */
export type Family = 'pn' | 'lid'

export type Jid = { user: string; device: number; family: Family }

/** WhatsApp itself. The bare word `s.whatsapp.net` decodes differently, and clients then miss it. */
export const SERVER = '@s.whatsapp.net'

const HOSTS = { pn: 's.whatsapp.net', lid: 'lid' } as const
const PATTERN = /^(\d+)(?:_\d+)?(?::(\d+))?@(s\.whatsapp\.net|c\.us|lid)$/

/** A person's or device's JID; undefined for groups, broadcasts, the server and nonsense. */
export function parseJid(text: string | undefined): Jid | undefined {
  const found = text === undefined ? null : PATTERN.exec(text)
  if (!found) return undefined
  const [, user = '', device, host] = found
  return { user, device: device === undefined ? 0 : Number(device), family: host === 'lid' ? 'lid' : 'pn' }
}

type Named = { phoneNumber: string; lidUser: string }

/** `device` 0, the phone, is written without a device part. */
export function jidOf(person: Named, family: Family, device = 0): string {
  const user = family === 'pn' ? person.phoneNumber : person.lidUser
  return `${user}${device === 0 ? '' : `:${device}`}@${HOSTS[family]}`
}
