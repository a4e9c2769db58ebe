import type { LinkMethod } from '../contract/linking.js'
import type { SessionState } from '../contract/sessions.js'
import type { Attempt } from './attempt.js'

/** The one main thing to do after an attempt that did not link: the same again, the other way, another number, the operator's help, or the first panel. */
export type Next = 'again' | 'qr' | 'number' | 'operator' | 'home'

export type EndingIcon = 'alert' | 'clock' | 'stop' | 'plug' | 'key' | 'phone'

export interface Ending {
  title: string
  icon: EndingIcon
  next: Next
  /** What else the server's advice names: the other of QR and code, or another number. */
  besides?: 'other way' | 'number'
}

const NO_CODE = 'No code from WhatsApp'

/**
 * How each of the server's reasons is headed and what the main button does. Its sentence and its advice come with the reason; one
 * that is not in this list is shown just the same, under the heading of its phase.
 */
export const ENDINGS: Readonly<Record<string, Ending>> = {
  pairing_unfinished: { title: 'The link was not finished', icon: 'alert', next: 'again', besides: 'other way' },
  code_refused: { title: NO_CODE, icon: 'alert', next: 'qr', besides: 'number' },
  code_rate_limited: { title: NO_CODE, icon: 'clock', next: 'qr', besides: 'number' },
  code_unanswered: { title: NO_CODE, icon: 'alert', next: 'qr', besides: 'number' },
  wrong_number: { title: 'This was another number', icon: 'phone', next: 'number' },
  passkey_required: { title: 'WhatsApp asks for a passkey', icon: 'key', next: 'again', besides: 'other way' },
  replaced_by_visitor: { title: 'You chose another way', icon: 'stop', next: 'again' },
  left_early: { title: 'The request was broken off', icon: 'stop', next: 'again' },
  left_queue: { title: 'Your place was given away', icon: 'clock', next: 'again' },
  whatsapp_unreachable: { title: 'No connection to WhatsApp', icon: 'plug', next: 'again' },
  whatsapp_busy: { title: 'No connection to WhatsApp', icon: 'plug', next: 'again' },
  whatsapp_fault: { title: 'No connection to WhatsApp', icon: 'plug', next: 'again' },
  whatsapp_intercepted: { title: 'No connection to WhatsApp', icon: 'plug', next: 'operator' },
  whatsapp_refused: { title: 'WhatsApp refused', icon: 'alert', next: 'again' },
  connection_lost_early: { title: 'The connection broke', icon: 'plug', next: 'again' },
  connection_lost: { title: 'The connection broke', icon: 'plug', next: 'again' },
  login_unfinished: { title: 'The login was not finished', icon: 'alert', next: 'again' },
  pairing_rejected: { title: 'The link was not finished', icon: 'alert', next: 'again' },
  phone_outdated: { title: 'WhatsApp on the phone is too old', icon: 'phone', next: 'again' },
  engine_outdated: { title: 'This server needs an update', icon: 'alert', next: 'operator' },
  server_not_accepted: { title: 'WhatsApp refused', icon: 'alert', next: 'operator' },
  server_not_accepted_late: { title: 'WhatsApp refused', icon: 'alert', next: 'operator' },
  account_banned: { title: 'WhatsApp refused the account', icon: 'phone', next: 'again' },
  account_locked: { title: 'WhatsApp refused the account', icon: 'phone', next: 'again' },
  account_restricted: { title: 'WhatsApp refused the account', icon: 'phone', next: 'again' },
  account_refused: { title: 'WhatsApp refused the login', icon: 'phone', next: 'again' },
  storage_error: { title: 'The link could not be kept', icon: 'alert', next: 'again' },
  node_lost: { title: 'The server lost your link', icon: 'plug', next: 'again' },
  stopped_early: { title: 'The session was disconnected', icon: 'stop', next: 'again' },
  unlinked_early: { title: 'The device was logged out', icon: 'stop', next: 'again' },
  linked_again_early: { title: 'A newer link took over', icon: 'stop', next: 'again' },
  session_id_failed: { title: 'No session ID could be made', icon: 'alert', next: 'operator' },
}

export const BY_PHASE = {
  expired: { title: 'This attempt has expired', icon: 'clock', next: 'again' },
  cancelled: { title: 'Cancelled', icon: 'stop', next: 'again' },
  failed: { title: 'Linking did not work', icon: 'alert', next: 'again' },
} satisfies Record<string, Ending>

const CHECK_LINKED_DEVICES =
  'Your phone may already list a new device. To be sure, open WhatsApp → Settings → Linked Devices and log out any device you do not want.'

const EXPIRED: Record<LinkMethod, string> = {
  qr: 'The time for scanning ran out.',
  code: 'The time for entering the code ran out.',
}
const ROOM =
  'Start again for a fresh code. If your phone refused it, check that you have room for another device in Linked Devices.'

type OverPhase = keyof typeof BY_PHASE

/** What is said of an ending whose reason has not been read, or that has none. */
function ownWords(phase: OverPhase, { method, phoneAccepted }: Attempt): { message: string; action: string } {
  switch (phase) {
    case 'expired':
      return { message: EXPIRED[method], action: ROOM }
    case 'cancelled': {
      const before = method === 'qr' ? 'scanned the code' : 'accepted the code'
      const message = phoneAccepted ? 'This attempt was stopped.' : `This attempt was stopped before a phone ${before}.`
      return { message, action: 'You can start again whenever you like.' }
    }
    case 'failed':
      break
  }
  return {
    message: 'The attempt ended before the link was finished.',
    action: 'Start again for a fresh code.',
  }
}

export interface Told extends Ending {
  message: string
  action: string
  /** What else to look at, because the phone had accepted. */
  hint: string | null
}

export function endingOf(attempt: Attempt, phase: OverPhase): Told {
  const { reason, phoneAccepted } = attempt
  const known = reason === null ? undefined : ENDINGS[reason.code]
  const own = ownWords(phase, attempt)
  return {
    ...BY_PHASE[phase],
    ...known,
    message: reason?.message || own.message,
    action: reason?.action || own.action,
    hint: phoneAccepted && !/linked devices/i.test(reason?.action ?? '') ? CHECK_LINKED_DEVICES : null,
  }
}

export const GONE: Told = {
  title: 'This attempt has ended',
  icon: 'clock',
  next: 'again',
  message: 'The gateway no longer knows the attempt that was open here.',
  action: 'Start again for a fresh code.',
  hint: null,
}

/** Revoked while WhatsApp could not be reached. */
export const UNLINKING: Told = {
  title: 'Unlinking',
  icon: 'clock',
  next: 'home',
  message: 'This gateway takes its device off your account as soon as WhatsApp can be reached.',
  action:
    'You can do it yourself at once: WhatsApp → Settings → Linked Devices on your phone, choose the device, Log out.',
  hint: null,
}

export const UNLINKED: Told = {
  title: 'Unlinked',
  icon: 'stop',
  next: 'home',
  message: 'This gateway’s device has been taken off your WhatsApp account. Its session ID opens nothing any more.',
  action: 'WhatsApp → Settings → Linked Devices on your phone shows what is still linked.',
  hint: null,
}

type Over = Omit<Told, 'hint'>

const SESSIONS: Partial<Record<SessionState, Over>> = {
  logged_out: UNLINKED,
  superseded: {
    title: 'A newer link took over',
    icon: 'stop',
    next: 'home',
    message: 'Another session of this account is used in the place of this one.',
    action: 'Follow the newer one. The device of this one can be logged out: WhatsApp → Settings → Linked Devices.',
  },
  banned: {
    title: 'WhatsApp refused the account',
    icon: 'phone',
    next: 'home',
    message: 'WhatsApp does not let this account log in here.',
    action: 'Open WhatsApp on the phone and follow what it says there.',
  },
  expired: {
    title: 'This session has ended',
    icon: 'clock',
    next: 'home',
    message: 'This gateway does not connect it any more.',
    action: 'Link the account again if you still want it here.',
  },
  disconnected: {
    title: 'Not connected',
    icon: 'plug',
    next: 'home',
    message: 'This gateway has no connection for this session.',
    action: 'Link the account again if you still want it here.',
  },
}

const WITH_BOT: Over = {
  title: 'This gateway has stepped back',
  icon: 'stop',
  next: 'home',
  message: 'Something else has logged in with this session.',
  action:
    'If that was your bot, nothing is to be done. If not, log the device out: WhatsApp → Settings → Linked Devices.',
}

/** What became of a finished link that is not any more what its panel says; null while it is. The server's own reason goes first. */
export function afterLink({ mode, session, reason }: Attempt): Told | null {
  if (session === null) return null
  const over = session === 'handed_off' && mode === 'managed' ? WITH_BOT : SESSIONS[session]
  return over
    ? { ...over, hint: null, message: reason?.message ?? over.message, action: reason?.action ?? over.action }
    : null
}
