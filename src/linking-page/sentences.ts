import type { LinkMode, LinkPhase } from '../contract/linking.js'

/** Every sentence that depends on the attempt. They say what is known and no more. */

export const STEPS: Record<LinkMode, readonly [string, string, string]> = {
  handed_off: ['Scan', 'Preparing your session ID', 'All set'],
  managed: ['Scan', 'Setting up backup', 'All set'],
}

export const OPENING = 'Status: Connecting…'
export const CANCELLING = 'Status: Cancelling…'
export const SCANNED_TITLE = 'Code scanned'

const BEFORE_AND_AFTER = {
  queued: 'Status: Waiting for a free place…',
  starting: OPENING,
  scanning: 'Status: Scanning…',
  scanned: 'Status: Your phone scanned the code. Logging in…',
  // An ending is told by its panel's heading, which is read out as it takes the focus; twice would be once too often.
  complete: '',
  expired: '',
  cancelled: '',
  failed: '',
} satisfies Partial<Record<LinkPhase, string>>

export const STATUS: Record<LinkMode, Record<LinkPhase, string>> = {
  handed_off: {
    ...BEFORE_AND_AFTER,
    preparing: 'Status: Preparing your session ID…',
    delivering: 'Status: Sending your session ID to your own chat…',
  },
  managed: {
    ...BEFORE_AND_AFTER,
    preparing: 'Status: Setting up backup…',
    delivering: 'Status: Sending your messages to your own chat…',
  },
}

export const TASKS: Record<LinkMode, readonly [string, string, string]> = {
  handed_off: ['Log in with your phone', 'Make and seal your session ID', 'Send it to your own chat'],
  managed: ['Log in with your phone', 'Seal your account and set up backup', 'Write to your own chat'],
}

export const RUNNING: ReadonlySet<LinkPhase> = new Set([
  'queued',
  'starting',
  'scanning',
  'scanned',
  'preparing',
  'delivering',
] satisfies LinkPhase[])

export const CHECK_LINKED_DEVICES =
  'Your phone may already list a new device. To be sure, open WhatsApp → Settings → Linked Devices and log out any device you do not want.'

export const ENDINGS = {
  expired: {
    title: 'This attempt has expired',
    message: () => 'The time for scanning ran out.',
    action:
      'Start again for a fresh code. If your phone refused it, check that you have room for another device in Linked Devices.',
  },
  cancelled: {
    title: 'Cancelled',
    message: (accepted: boolean) =>
      accepted ? 'This attempt was stopped.' : 'This attempt was stopped before a phone scanned the code.',
    action: 'You can start again whenever you like.',
  },
  failed: {
    title: 'Linking did not work',
    message: () => 'The attempt ended before your account was linked.',
    action: 'Start again for a fresh code.',
  },
}

export const GONE = {
  title: 'This attempt has ended',
  message: 'The gateway no longer knows the attempt that was open here.',
  action: 'Start again for a fresh code.',
  hint: null,
}

export const OFFLINE = 'You are offline.'
export const OFFLINE_RUNNING = 'You are offline. This page catches up as soon as you are back.'
export const SERVER_SILENT = 'The gateway does not answer right now. Trying again…'
export const POLLING = 'Live updates are interrupted. Checking every few seconds instead.'
export const CANCEL_FAILED = 'Cancelling did not work, the attempt is still running. Press Cancel once more.'
