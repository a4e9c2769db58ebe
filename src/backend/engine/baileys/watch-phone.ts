import { jidDecode, type AuthenticationCreds, type BinaryNode, type WASocket } from '@whiskeysockets/baileys'

const hourMs = 60 * 60_000

export type PhoneWatchDeps = {
  socket: WASocket
  creds: AuthenticationCreds
  onSeen: (at: Date) => void
}

/**
 * Looks for evidence that the account's phone was online: a message that it sent, or a receipt of its own. It is device 0, which has no
 * device part in its JID. That these two count is what mautrix-whatsapp goes by; what other devices of the account do says nothing.
 */
export function watchPhone({ socket, creds, onSeen }: PhoneWatchDeps): void {
  let toldAt = -Infinity
  const look = ({ attrs }: BinaryNode) => {
    if (!isOwnPhone(creds, attrs['participant'] ?? attrs['from'] ?? '')) return
    const at = timeOf(attrs['t'])
    if (at - toldAt < hourMs) return
    toldAt = at
    onSeen(new Date(at))
  }
  for (const tag of ['message', 'receipt']) socket.ws.on(`CB:${tag}`, look)
}

export function isOwnPhone(creds: AuthenticationCreds, jid: string): boolean {
  return isOwnDevice(creds, jid) && (jidDecode(jid)?.device ?? 0) === 0
}

export function isOwnDevice({ me }: AuthenticationCreds, jid: string): boolean {
  const user = jidDecode(jid)?.user
  return user !== undefined && [me?.id, me?.lid].some(own => own !== undefined && jidDecode(own)?.user === user)
}

/** What waited for this login happened earlier; WhatsApp's clock in seconds. */
function timeOf(seconds: string | undefined): number {
  const at = Number(seconds) * 1_000
  return at > 0 ? Math.min(at, Date.now()) : Date.now()
}
