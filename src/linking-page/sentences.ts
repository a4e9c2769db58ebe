import type { LinkMethod, LinkMode, LinkPhase } from '../contract/linking.js'

/** Every sentence that depends on a running attempt. They say what is known and no more. */

const FIRST_STEP: Record<LinkMethod, string> = { qr: 'Scan', code: 'Enter the code' }

export function stepNames(mode: LinkMode, method: LinkMethod): readonly [string, string, string] {
  return [FIRST_STEP[method], mode === 'handed_off' ? 'Preparing your session ID' : 'Setting up backup', 'All set']
}

export const OPENING: Record<LinkMethod, string> = {
  qr: 'Status: Connecting…',
  code: 'Status: Asking WhatsApp for a code…',
}
export const CANCELLING = 'Status: Cancelling…'
export const CODE_ENTERED = 'Status: Your phone has answered…'
export const ACCEPTED_TITLE: Record<LinkMethod, string> = { qr: 'Code scanned', code: 'Code accepted' }

const PREPARING: Record<LinkMode, { preparing: string; delivering: string }> = {
  handed_off: {
    preparing: 'Status: Preparing your session ID…',
    delivering: 'Status: Sending your session ID to your own chat…',
  },
  managed: {
    preparing: 'Status: Setting up backup…',
    delivering: 'Status: Sending your messages to your own chat…',
  },
}

const BY_METHOD: Record<LinkMethod, { scanning: string; scanned: string }> = {
  qr: { scanning: 'Status: Scanning…', scanned: 'Status: Your phone scanned the code. Logging in…' },
  code: {
    scanning: 'Status: Waiting for your phone…',
    scanned: 'Status: Your phone accepted the code. Logging in…',
  },
}

/** The visible status line. An ending is told by its panel's heading, which is read out as it takes the focus. */
export function statusOf(phase: LinkPhase, mode: LinkMode, method: LinkMethod): string {
  switch (phase) {
    case 'queued':
      return 'Status: Waiting for a free place…'
    case 'starting':
      return OPENING[method]
    case 'scanning':
    case 'scanned':
      return BY_METHOD[method][phase]
    case 'preparing':
    case 'delivering':
      return PREPARING[mode][phase]
    case 'complete':
    case 'expired':
    case 'cancelled':
    case 'failed':
      break
  }
  return ''
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

export const OFFLINE = 'You are offline.'
export const OFFLINE_RUNNING = 'You are offline. This page catches up as soon as you are back.'
export const SERVER_SILENT = 'The gateway does not answer right now. Trying again…'
export const POLLING = 'Live updates are interrupted. Checking every few seconds instead.'
export const CANCEL_FAILED = 'Cancelling has not been confirmed. Press Cancel once more.'
