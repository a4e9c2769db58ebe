import type { LinkMethod } from '../contract/linking.js'
import type { Attempt } from './attempt.js'

/** The one main thing to do after an attempt that did not link: the same again, the other way, another number, or the operator's help. */
export type Next = 'again' | 'qr' | 'number' | 'operator'

export type EndingIcon = 'alert' | 'clock' | 'stop' | 'plug' | 'key' | 'phone'

export interface Ending {
  title: string
  icon: EndingIcon
  next: Next
}

/**
 * How each of the server's reasons is headed and what the main button does. Its sentence and its advice come with the reason; one
 * that is not in this list is shown just the same, under the heading of its phase.
 */
export const ENDINGS: Readonly<Record<string, Ending>> = {}

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
    message: 'The attempt ended before your account was linked.',
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

export const UNLINKED: Told = {
  title: 'Unlinked',
  icon: 'stop',
  next: 'again',
  message: 'This gateway’s device has been logged out of your WhatsApp account. Its session ID opens nothing any more.',
  action: 'WhatsApp → Settings → Linked Devices on your phone shows what is still linked.',
  hint: null,
}
