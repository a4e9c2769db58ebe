/** Why a session ID string could not be read or written. Stable: a code is never reused for another meaning. */
export type SessionIdErrorCode =
  | 'bad_prefix'
  | 'wrong_prefix'
  | 'corrupt'
  | 'unsupported_version'
  | 'too_long'
  | 'too_large'
  | 'not_a_session'
  | 'not_linked'
  | 'invalid_contents'
  | 'unreadable_state_file'

const SENTENCES: Record<SessionIdErrorCode, string> = {
  bad_prefix: 'The session ID prefix must be 1 to 32 letters, digits, dashes or underscores.',
  wrong_prefix: 'This is not a session ID of this service: it does not start with the expected prefix.',
  corrupt: 'The session ID is damaged or incomplete; copy the whole message again.',
  unsupported_version: 'The session ID was made by a newer version; update this software.',
  too_long: 'The session ID is longer than allowed.',
  too_large: 'The session ID holds more than a session may hold.',
  not_a_session: 'The session ID holds no usable WhatsApp credentials.',
  not_linked: 'The session ID belongs to an account that was never linked.',
  invalid_contents: 'These credentials cannot be written as a session ID.',
  unreadable_state_file: 'The state file cannot be understood; move it away to start from the session ID again.',
}

/** A session ID string that cannot be used. The message never holds any part of the string, and there is no cause. */
export class SessionIdError extends Error {
  override readonly name = 'SessionIdError'

  constructor(readonly code: SessionIdErrorCode) {
    super(SENTENCES[code])
  }
}
