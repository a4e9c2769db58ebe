import type { LinkAttemptView, LinkMethod, LinkMode } from '../../contract/linking.js'
import { printable } from '../printable.js'

const firstStep: Record<LinkMethod, string> = { qr: 'Scan', code: 'Enter the code' }

/** The three steps of a link. */
export function stepNames(mode: LinkMode, method: LinkMethod): readonly [string, string, string] {
  return [firstStep[method], mode === 'handed_off' ? 'Preparing your session ID' : 'Setting up backup', 'All set']
}

export const openLinkedDevices = {
  qr: 'Open WhatsApp → Settings → Linked Devices → Scan this QR',
  code: 'Open WhatsApp → Settings → Linked Devices → Link a device → Link with phone number instead, and type this code',
} as const

const codeAnswered = 'Your phone has answered. If it says that the code is wrong, type the code again'

/** What is happening, and no more than is known. Empty for ends, which have words of their own. */
export function statusOf({ phase, method, mode, queuePosition, codeEntered }: LinkAttemptView): string {
  switch (phase) {
    case 'queued':
      return queuePosition === undefined
        ? 'Waiting for a free place…'
        : `Waiting for a free place: number ${queuePosition} in the queue…`
    case 'starting':
      return 'Asking WhatsApp for a code…'
    case 'scanning':
      if (method === 'qr') return 'Scanning…'
      return codeEntered === true ? codeAnswered : 'Waiting for the code…'
    case 'scanned':
      return 'Your phone accepted. Logging in…'
    case 'preparing':
      return mode === 'managed' ? 'Setting up backup…' : 'Preparing your session ID…'
    case 'delivering':
      return 'Sending the messages to your own chat…'
    default:
      return ''
  }
}

const endings: Record<string, string> = {
  expired: 'The attempt has expired.',
  cancelled: 'The attempt was cancelled.',
  failed: 'Linking did not work.',
}

/** How it ended, for people; the last line says what to do. */
export function endingOf({ phase, mode, reason }: LinkAttemptView): string[] {
  const told = reason === null ? [] : [printable(reason.message), printable(reason.action)]
  if (phase !== 'complete') {
    return told.length > 0 ? told : [endings[phase] ?? 'The attempt has ended.', 'Start again.']
  }
  const next =
    mode === 'managed'
      ? 'The account stays connected to this gateway.'
      : 'This gateway has closed its connection: start your bot with the session ID, and keep it secret.'
  const arrived =
    reason?.code.startsWith('delivery_') === true
      ? 'Your account is linked.'
      : 'Your account is linked. The session ID is in your own chat on the phone.'
  return [`All set. ${arrived}`, ...told, next]
}

/** `1:05` for 65 s; rounded up, so that 0:00 appears only when nothing is left. */
export function minutesAndSeconds(ms: number): string {
  const seconds = Math.ceil(Math.max(0, ms) / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
