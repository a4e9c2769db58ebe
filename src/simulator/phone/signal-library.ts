/** The one door to libsignal, whose console output has to be silenced first. */
import libsignal from 'libsignal'
import { quietSignal } from '../quiet-signal.js'

quietSignal()

export const { ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord } = libsignal
/** How to open a session with a device that has run out of one-time keys: libsignal knows the case, its declaration does not. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the declaration demands a key that may be absent
export const NO_PRE_KEY = undefined as unknown as { keyId: number; publicKey: Uint8Array }

export type { SessionRecord as SessionRecordType, SignalStorage } from 'libsignal'
