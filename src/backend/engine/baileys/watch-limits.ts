/** When something is taken for ill. Milliseconds. */
export type WatchLimits = {
  /** Between two looks of one timer at all connections of this process. */
  everyMs: number
  /** From a message's arrival to our decryption of it. */
  reachMs: number
  /** From there to its receipt or ack, and from an announcement of waiting messages to the first of them. */
  answerMs: number
  /** After the login: what Baileys keeps back until WhatsApp says that all waiting messages have been told is let go. */
  bufferMs: number
  /** Before something that failed beside the messages is tried again. */
  retryMs: number
  /** For one file of history. */
  downloadMs: number
  /** For one file of app state: what is to be sent waits for it. */
  appStateMs: number
  /** Between two readings of one collection of app state from its beginning. */
  resyncEveryMs: number
  silence: {
    leastMs: number
    mostMs: number
    /** So many times the usual pause between two stanzas. */
    factor: number
    /** Taken for usual as long as nothing is known. */
    firstGapMs: number
  }
}

export const usualLimits: WatchLimits = {
  everyMs: 5_000,
  reachMs: 30_000,
  answerMs: 60_000,
  bufferMs: 20_000,
  retryMs: 30_000,
  downloadMs: 60_000,
  appStateMs: 15_000,
  resyncEveryMs: 6 * 60 * 60_000,
  silence: { leastMs: 20 * 60_000, mostMs: 24 * 60 * 60_000, factor: 10, firstGapMs: 6 * 60_000 },
}
