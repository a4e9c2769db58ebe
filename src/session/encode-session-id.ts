import { createHash } from 'node:crypto'
import { brotliCompressSync, constants } from 'node:zlib'
import { plainAppStateKey } from './app-state-key.js'
import { ByteWriter } from './byte-writer.js'
import { writeLayout } from './compact-layout.js'
import { essentialCreds } from './essential-creds.js'
import { writePlainCreds } from './plain-creds.js'
import { ownLidMapping, type SessionIdString, type SessionSource } from './session-contents.js'
import { SessionIdError } from './session-id-error.js'

export const DEFAULT_PREFIX = 'WHIZLITE_'

/** Characters of a whole session ID, prefix included. A linked account needs about 850 in the compact form. */
export const MAX_SESSION_ID_LENGTH = 4_000

export const FORMAT_VERSION = 1

export const CHECKSUM_LENGTH = 8

export type EncodeOptions = {
  /** What the string begins with, `WHIZLITE_` unless told. */
  prefix?: string
  /** `compact` (default), or `json`: the credentials alone, as older bots read them, without keys that compact carries. */
  format?: 'compact' | 'json'
}

/**
 * Writes everything a bot needs to be this linked device into one string: whoever has it has the account. The compact
 * form is the prefix and, in `[A-Za-z0-9.-]`, one version byte, eight bytes of SHA-256 over version and payload, and the
 * payload: the fields of `compact-layout.ts` behind brotli. Signal sessions and sender keys are never part of it.
 *
 * @throws SessionIdError `not_linked`, `invalid_contents`, `too_long` (over 4,000 characters), `bad_prefix`.
 */
export function encodeSessionId(source: SessionSource, options: EncodeOptions = {}): SessionIdString {
  const prefix = checkedPrefix(options.prefix ?? DEFAULT_PREFIX)
  const creds = essentialCreds(source.creds)
  const text = prefix + (options.format === 'json' ? writePlainCreds(creds) : compact({ ...source, creds }))
  if (text.length > MAX_SESSION_ID_LENGTH) throw new SessionIdError('too_long')
  return sessionIdString(text)
}

/** @throws SessionIdError `bad_prefix` */
export function checkedPrefix(prefix: string): string {
  if (!/^[A-Za-z0-9_-]{1,32}$/u.test(prefix)) throw new SessionIdError('bad_prefix')
  return prefix
}

/** First eight bytes of SHA-256 over the version byte and the compressed payload. */
export function checksumOf(version: number, payload: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(version)).update(payload).digest().subarray(0, CHECKSUM_LENGTH)
}

function compact(source: SessionSource): string {
  const writer = new ByteWriter()
  const keys = Object.entries(source.appStateSyncKeys).map(([id, key]) => [id, plainAppStateKey(key)] as const)
  writeLayout(writer, {
    ...source,
    appStateSyncKeys: Object.fromEntries(keys),
    lidMapping: source.lidMapping ?? ownLidMapping(source.creds),
  })
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
  const payload = brotliCompressSync(writer.result(), { params })
  const frame = Buffer.concat([Uint8Array.of(FORMAT_VERSION), checksumOf(FORMAT_VERSION, payload), payload])
  return frame.toString('base64url').replaceAll('_', '.')
}

function sessionIdString(text: string): SessionIdString {
  // The one place where a string becomes the branded secret.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return text as SessionIdString
}
