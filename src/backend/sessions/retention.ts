/**
 * How long what nobody uses is kept, in days (product contract S4, S7). Everything that is destroyed after some time is destroyed after one
 * of these; what is only of use for a while (journals, bytes of messages) says so where it is stored.
 */
export const keptDays = {
  /** Credentials of a session that WhatsApp has logged out or banned, or that an operator has deleted. */
  ended: 3,
  /** A session that is not connected, until it expires … */
  unused: 30,
  /** … before which its owner is told … */
  noticeBeforeExpiry: 3,
  /** … and after which it may still be connected again. */
  expired: 30,
  /** The copy of a session that was handed over to a bot. The linking page says so. */
  handedOff: 30,
  /** What became of an attempt that never was a session. */
  attempts: 7,
  events: 30,
  /** Rows of messages without their bytes. */
  sentMessages: 30,
  /** What sessions were. */
  history: 90,
} as const
