import type { StateReason } from '../../contract/sessions.js'
import type { CloseReason } from '../engine/engine.js'

/** Why an attempt ended, or what a visitor must know about one that succeeded. The code is stored; sentence and action are looked up. */
const reasons = {
  qr_expired: {
    message: 'No phone scanned the code in time.',
    action: 'Start again and scan within two minutes. If your phone refuses, it may already have four linked devices.',
  },
  cancelled: { message: 'You cancelled this link.', action: 'Start again whenever you like.' },
  cancelled_late: {
    message: 'You cancelled after your phone had linked, so the device was taken off your account again.',
    action: 'If your phone still shows WHIZ LITE under Linked devices, log it out there.',
  },
  whatsapp_unreachable: {
    message: 'WhatsApp could not be reached.',
    action: 'Wait a minute, then start again.',
  },
  connection_lost: {
    message: 'The connection to WhatsApp broke before your phone had finished.',
    action: 'Start again. If your phone shows a device named WHIZ LITE under Linked devices, log it out first.',
  },
  pairing_rejected: {
    message: 'The answer from the phone could not be verified, so nothing was linked.',
    action: 'Start again and scan the newest code.',
  },
  phone_outdated: {
    message: 'WhatsApp on this phone is too old to link devices.',
    action: 'Update WhatsApp on the phone, then start again.',
  },
  engine_outdated: {
    message: 'WhatsApp asks for a newer client than this server has.',
    action: 'Tell the operator of this page: the server needs an update.',
  },
  account_refused: {
    message: 'WhatsApp refused to log this device in.',
    action: 'Check on the phone that the account works, then start again.',
  },
  storage_error: {
    message: 'The server could not store your link safely, so it was dropped.',
    action: 'Start again. If your phone shows a device named WHIZ LITE under Linked devices, log it out first.',
  },
  server_restarted: {
    message: 'The server restarted while you were linking.',
    action: 'Start again. If your phone shows a device named WHIZ LITE under Linked devices, log it out first.',
  },
  delivery_unconfirmed: {
    message: 'WhatsApp has not confirmed both messages yet.',
    action:
      'Look into your own chat. If the session ID is not there, log the device out under Linked devices and link again.',
  },
  delivery_refused: {
    message: 'WhatsApp refused to deliver the messages to your own chat.',
    action: 'Log the device out under Linked devices and link again later.',
  },
  unlinked_early: {
    message: 'The device was logged out on the phone before the link had finished.',
    action: 'Start again if you still want to link this account.',
  },
  linked_again_early: {
    message: 'This account was linked again before this link had finished.',
    action: 'Follow the newer link. The device of this one can be logged out under Linked devices.',
  },
  session_id_failed: {
    message: 'This account holds more than a session ID can carry, so none could be made.',
    action: 'The device was taken off your account again. Tell the operator of this page.',
  },
  superseded_older: {
    message: 'This account was linked here before. The earlier session is marked as superseded.',
    action: 'If you no longer use the earlier session ID, log its device out under Linked devices.',
  },
} as const satisfies Record<string, Omit<StateReason, 'code'>>

export type LinkReason = keyof typeof reasons

export function linkReason(code: string | null): StateReason | null {
  return code !== null && code in reasons ? { code, ...reasons[code as LinkReason] } : null
}

/** What a socket's end means to somebody who is linking. */
export function linkReasonOf({ kind }: CloseReason): LinkReason {
  switch (kind) {
    case 'qr_expired':
      return 'qr_expired'
    case 'pairing_rejected':
      return 'pairing_rejected'
    case 'phone_outdated':
      return 'phone_outdated'
    case 'engine_outdated':
      return 'engine_outdated'
    case 'storage_error':
    case 'storage_damaged':
    case 'fenced':
      return 'storage_error'
    case 'unreachable':
    case 'server_error':
      return 'whatsapp_unreachable'
    case 'logged_out':
      return 'unlinked_early'
    case 'locked':
    case 'banned':
    case 'restricted':
    case 'replaced':
      return 'account_refused'
    default:
      return 'connection_lost'
  }
}
