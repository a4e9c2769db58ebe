import type { StateReason } from '../../contract/sessions.js'

const orLogOut = 'If your phone shows a device named WHIZ LITE under Linked devices, log it out first.'

/**
 * Why an attempt ended, or what a visitor must know about one that succeeded. The code is stored and stays what it is; sentence and action
 * are looked up. A sentence says what is known here and no more: what a phone shows, or whether a number has WhatsApp, is not.
 */
const reasons = {
  qr_expired: {
    message: 'The code ran out before a phone had linked.',
    action: 'Start again and scan within two minutes. If your phone refuses, it may already have four linked devices.',
  },
  code_expired: {
    message: 'The code ran out before it was typed on a phone.',
    action:
      'Start again and type the new code at once. If your phone refuses, it may already have four linked devices.',
  },
  pairing_unfinished: {
    message: 'A code was typed on the phone, but WhatsApp never told us that the phone had linked.',
    action: 'Start again, with the new code if the phone said that this one was wrong, or use the QR code instead.',
  },
  code_refused: {
    message: 'WhatsApp did not give a code.',
    action: 'Check the number and start again, or use the QR code instead.',
  },
  code_rate_limited: {
    message: 'WhatsApp gives no more codes for a while.',
    action: 'Use the QR code instead, or wait before you ask for another code.',
  },
  code_unanswered: {
    message: 'WhatsApp did not answer when it was asked for a code.',
    action: 'Start again, or use the QR code instead.',
  },
  wrong_number: {
    message: 'The phone that linked has another number than the one you typed, so its device was dropped.',
    action:
      'Start again with the number of the phone that you link. If the other phone still shows WHIZ LITE under Linked devices, log it out there.',
  },
  passkey_required: {
    message: 'WhatsApp wants this link to be confirmed with a passkey, and this page cannot do that.',
    action:
      'Try the other way once, QR code or pairing code. If WhatsApp asks again, this account cannot be linked here.',
  },
  cancelled: { message: 'You cancelled this link.', action: 'Start again whenever you like.' },
  cancelled_late: {
    message: 'You cancelled after your phone had agreed, so this link was dropped.',
    action: 'If your phone still shows WHIZ LITE under Linked devices, log it out there.',
  },
  stopped_early: {
    message: 'The session was disconnected on request before its link had finished.',
    action: 'Connect it to go on, or link the account again.',
  },
  replaced_by_visitor: {
    message: 'You started another way of linking in this browser.',
    action: 'Follow the newer one.',
  },
  left_early: {
    message: 'The request for this link was broken off before it was answered.',
    action: 'Start again.',
  },
  left_queue: {
    message: 'There was no sign of your page for a minute while you were waiting for a place.',
    action: 'Start again and keep the page open.',
  },
  whatsapp_unreachable: { message: 'WhatsApp could not be reached.', action: 'Wait a moment, then start again.' },
  whatsapp_busy: {
    message: 'We were told that WhatsApp takes no more connections from here at the moment.',
    action: 'Wait a few minutes, then start again.',
  },
  whatsapp_fault: {
    message: 'WhatsApp reported a fault of its own.',
    action: 'Wait a moment, then start again.',
  },
  whatsapp_intercepted: {
    message: 'Something answered in place of WhatsApp, so no connection was made.',
    action: 'Tell the operator of this page: the way from this server to WhatsApp is blocked.',
  },
  whatsapp_refused: {
    message: 'WhatsApp refused to begin a link with this server.',
    action: 'Wait a few minutes, then start again. If it stays like this, tell the operator of this page.',
  },
  connection_lost_early: {
    message: 'The connection to WhatsApp broke before we heard that a phone had linked.',
    action: `Start again. ${orLogOut}`,
  },
  connection_lost: {
    message: 'The connection to WhatsApp broke before your link was finished.',
    action: `Start again. ${orLogOut}`,
  },
  login_unfinished: {
    message: 'Your phone accepted, but WhatsApp did not let the new device in.',
    action: `Start again. ${orLogOut}`,
  },
  pairing_rejected: {
    message: 'The answer from the phone could not be verified, so nothing was linked.',
    action: 'Start again and use the newest code.',
  },
  phone_outdated: {
    message: 'WhatsApp on this phone is too old to link devices.',
    action: 'Update WhatsApp on the phone, then start again.',
  },
  engine_outdated: {
    message: 'WhatsApp asks for a newer version of the software on this server.',
    action: 'Tell the operator of this page: the server needs an update.',
  },
  server_not_accepted: {
    message: 'WhatsApp does not accept the software on this server.',
    action: 'Tell the operator of this page.',
  },
  server_not_accepted_late: {
    message: 'Your phone accepted, but WhatsApp does not accept the software on this server.',
    action:
      'Tell the operator of this page. If your phone shows a device named WHIZ LITE under Linked devices, log it out there.',
  },
  account_banned: {
    message: 'WhatsApp says that this account is banned.',
    action: 'Open WhatsApp on the phone and follow what it says there.',
  },
  account_locked: {
    message: 'WhatsApp says that this account is locked.',
    action: 'Open WhatsApp on the phone and follow what it says there.',
  },
  account_restricted: {
    message: 'WhatsApp has restricted this account for some time.',
    action: `Open WhatsApp on the phone to see for how long, then start again. ${orLogOut}`,
  },
  account_refused: {
    message: 'WhatsApp refused to log this device in.',
    action: `Check on the phone that the account works, then start again. ${orLogOut}`,
  },
  storage_error: {
    message: 'The server could not store your link safely, so it was dropped.',
    action: `Start again. ${orLogOut}`,
  },
  node_lost: {
    message: 'The server lost your link before it was finished.',
    action: `Start again. ${orLogOut}`,
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
    message: 'The device was logged out before the link had finished.',
    action: 'Start again if you still want to link this account.',
  },
  linked_again_early: {
    message: 'This account was linked again before this link had finished.',
    action: 'Follow the newer link. The device of this one can be logged out under Linked devices.',
  },
  session_id_failed: {
    message: 'This account holds more than a session ID can carry, so none could be made.',
    action:
      'Tell the operator of this page. If your phone still shows WHIZ LITE under Linked devices, log it out there.',
  },
  superseded_older: {
    message: 'This account was linked here before. The earlier session is marked as superseded.',
    action: 'If you no longer use the earlier session ID, log its device out under Linked devices.',
  },
} as const satisfies Record<string, Omit<StateReason, 'code'>>

export type LinkReason = keyof typeof reasons

export const linkReasons = Object.keys(reasons) as LinkReason[]

export function isLinkReason(code: string): code is LinkReason {
  return Object.hasOwn(reasons, code)
}

export function linkReason(code: string | null): StateReason | null {
  return code !== null && isLinkReason(code) ? { code, ...reasons[code] } : null
}
