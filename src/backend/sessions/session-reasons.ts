import type { StateReason } from '../../contract/sessions.js'

const askPhone = 'Open WhatsApp on the phone and follow what it says there.'
const tellOperator = 'Tell the operator of this page.'

/**
 * Why a session is in its state. The code is stored and stays what it is; sentence and action are looked up. What a link itself leaves
 * behind has its words in `linking/link-reasons.ts`. As there, a sentence says what is known here and no more.
 */
const reasons = {
  logged_out: {
    message: 'WhatsApp says that this device was logged out of the account.',
    action: 'Link the account again if you still want it here.',
  },
  revoked: {
    message: 'The device was taken off the account, as its owner had asked.',
    action: 'Link the account again whenever you like.',
  },
  cancelled: { message: 'Its link was cancelled.', action: 'Link the account again whenever you like.' },
  locked: { message: 'WhatsApp says that this account is locked.', action: askPhone },
  banned: { message: 'WhatsApp says that this account is banned.', action: askPhone },
  restricted: {
    message: 'WhatsApp has restricted this account for some time.',
    action: 'Open WhatsApp on the phone to see for how long, then link the account again.',
  },
  replaced: {
    message: 'Something else has logged in with this session, so this server has stepped back.',
    action:
      'If that was your bot, nothing is to be done. If not, log the device out under Linked devices and link the account again.',
  },
  bot_still_running: {
    message: 'The bot that had this session has logged in again, so the session is with the bot.',
    action: 'Stop the bot everywhere it runs, then take the session back once more.',
  },
  engine_outdated: {
    message: 'WhatsApp asks for a newer version of the software on this server.',
    action: `${tellOperator} The server needs an update.`,
  },
  engine_misconfigured: {
    message: 'WhatsApp does not accept the software on this server.',
    action: tellOperator,
  },
  phone_outdated: {
    message: 'WhatsApp on the phone is too old for linked devices.',
    action: 'Update WhatsApp on the phone, then link the account again.',
  },
  storage_damaged: {
    message: 'What this server has stored of the session cannot be read.',
    action: `${tellOperator} If it cannot be mended, link the account again.`,
  },
  connection_lost: {
    message: 'The connection to WhatsApp was lost.',
    action: 'Wait a few minutes. If it stays like this, link the account again.',
  },
  taken_back: {
    message: 'The session was taken back from its bot, and this server connects it.',
    action: 'Leave the bot stopped.',
  },
  imported: {
    message: 'The session came here by its session ID, and this server connects it.',
    action: 'Leave the bot that had it stopped.',
  },
  linked_again: {
    message: 'The account was linked again, or another session of it was taken back, so this one is not used any more.',
    action: 'Follow the newer one. The device of this one can be logged out under Linked devices.',
  },
} as const satisfies Record<string, Omit<StateReason, 'code'>>

export type SessionReason = keyof typeof reasons

/** @param code as stored; `null` for one that is no session's own */
export function sessionReason(code: string | null): StateReason | null {
  return code !== null && isSessionReason(code) ? { code, ...reasons[code] } : null
}

function isSessionReason(code: string): code is SessionReason {
  return Object.hasOwn(reasons, code)
}
