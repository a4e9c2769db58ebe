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
    action: 'Open WhatsApp on the phone to see why and for how long.',
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
  login_refused: {
    message: 'WhatsApp has refused this login and said no more than a number.',
    action: `${tellOperator} The server’s log has what WhatsApp said.`,
  },
  throttled: {
    message: 'WhatsApp asks for fewer connections, so this server waits before the next one.',
    action: 'Wait a few minutes.',
  },
  server_trouble: {
    message: 'WhatsApp reports trouble of its own. This server goes on trying.',
    action: 'Wait a few minutes.',
  },
  network: {
    message: 'This server does not reach WhatsApp. It goes on trying.',
    action: 'Wait a few minutes. If it stays like this, tell the operator of this page.',
  },
  storage_error: {
    message: 'This server’s database did not answer, so the connection was closed before anything could be lost.',
    action: 'Wait a few minutes. If it stays like this, tell the operator of this page.',
  },
  phone_outdated: {
    message: 'WhatsApp on the phone is too old for linked devices.',
    action: 'Update WhatsApp on the phone, then link the account again.',
  },
  storage_damaged: {
    message: 'What this server has stored of the session cannot be read.',
    action: `${tellOperator} If it cannot be mended, link the account again.`,
  },
  connection_lost_long: {
    message: 'The connection to WhatsApp has been lost for a long time. This server goes on trying.',
    action: 'Check that the phone is online. If WhatsApp itself works there, tell the operator of this page.',
  },
  starting: {
    message: 'This server has begun to run the session and connects it.',
    action: 'Wait a moment.',
  },
  no_server: {
    message: 'The server that ran the session has stopped, and no other runs it so far.',
    action: 'Wait a few minutes. If it stays like this, tell the operator of this page.',
  },
  deaf: {
    message: 'Nothing came in any more although the connection stood, so this server has made a new one.',
    action: 'Nothing is to be done.',
  },
  stopped: {
    message: 'The session was disconnected on request. Its account stays linked, and nothing is received meanwhile.',
    action: 'Connect it whenever you like. After about two weeks offline WhatsApp may log the device out.',
  },
  asked_to_connect: {
    message: 'This server connects the session, as was asked.',
    action: 'Wait a moment.',
  },
  logging_out: {
    message: 'This server connects the session once more, to take its device off the account.',
    action: 'Wait a moment. If WhatsApp cannot be reached, it is done as soon as it can.',
  },
  handing_off: {
    message: 'The session ID is on its way to the account. Then this server leaves the session to its bot.',
    action: 'Look into the account’s own chat.',
  },
  given_away: {
    message: 'The session was handed off on request: this server does not connect it any more.',
    action: 'Run it with its session ID, or take it back.',
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
  unused: {
    message:
      'The session was not connected for thirty days, so it has expired. What it needs to connect is kept for thirty days more.',
    action: 'Connect it before that time is over if you still want it here, or link the account again.',
  },
  copy_erased: {
    message: 'The session was handed over to a bot. The copy that this server had kept was erased thirty days later.',
    action: 'The bot goes on with its session ID. To have the session here, import that session ID.',
  },
  erased: {
    message: 'The session was deleted, because the data of its account was to be erased.',
    action: 'Log its device out under Linked devices. Link the account again if you still want it here.',
  },
  linked_again: {
    message: 'The account was linked again, or another session of it was taken back, so this one is not used any more.',
    action: 'Follow the newer one. The device of this one can be logged out under Linked devices.',
  },
} as const satisfies Record<string, Omit<StateReason, 'code'>>

/** What a link leaves behind as the reason of its session, in the words of somebody who looks at the session. */
const ofLinks = {
  superseded_older: {
    message: 'This account was linked here before. The earlier session is marked as superseded.',
    action: 'If the earlier session is not used any more, log its device out under Linked devices.',
  },
  delivery_unconfirmed: {
    message: 'WhatsApp has not confirmed that the session ID reached the account’s own chat.',
    action: 'Look into that chat. If the session ID is not there, log the device out and link again.',
  },
  delivery_refused: {
    message: 'WhatsApp refused to deliver the session ID to the account’s own chat.',
    action: 'Log the device out under Linked devices and link again later.',
  },
  session_id_failed: {
    message: 'The account holds more than a session ID can carry, so none could be made.',
    action: tellOperator,
  },
} as const satisfies Record<string, Omit<StateReason, 'code'>>

export type SessionReason = keyof typeof reasons

/** @param code as stored; `null` for one that is no session's own */
export function sessionReason(code: string | null): StateReason | null {
  return code !== null && isSessionReason(code) ? { code, ...reasons[code] } : null
}

/**
 * The words of every code that may stand with a session's state.
 * @param said WhatsApp's own words, which follow ours
 */
export function stateReason(code: string | null, said: string | null = null): StateReason | null {
  if (code !== null && isOfLink(code)) return { code, ...ofLinks[code] }
  const reason = sessionReason(code)
  return reason === null || said === null ? reason : { ...reason, message: `${reason.message} Its words: “${said}”` }
}

function isOfLink(code: string): code is keyof typeof ofLinks {
  return Object.hasOwn(ofLinks, code)
}

function isSessionReason(code: string): code is SessionReason {
  return Object.hasOwn(reasons, code)
}
