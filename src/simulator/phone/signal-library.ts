/** The one door to libsignal, whose console output has to be silenced first. */
import '../quiet-signal.js'
import libsignal from 'libsignal'

export const { ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord } = libsignal
export type { SessionRecord as SessionRecordType, SignalStorage } from 'libsignal'
