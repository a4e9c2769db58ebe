/**
 * `whizlite/session`: the session ID string and a Baileys auth state made of it. Needs no server and no database.
 */
export { decodeSessionId, type DecodeOptions } from './decode-session-id.js'
export { derivePreKey, type PreKeyPair } from './derive-pre-key.js'
export type { IdRange } from './id-ranges.js'
export { encodeSessionId, MAX_SESSION_ID_LENGTH, type EncodeOptions } from './encode-session-id.js'
export { PreKeyError, type PreKeyErrorCode } from './pre-key-error.js'
export type {
  AppStateSyncKeys,
  SessionAccount,
  SessionContents,
  SessionIdString,
  SessionSource,
} from './session-contents.js'
export { SessionIdError, type SessionIdErrorCode } from './session-id-error.js'
export { useSessionId, type UsedSessionId, type UseSessionIdOptions } from './use-session-id.js'
