import { brotliDecompressSync } from 'node:zlib'
import { ByteReader } from './byte-reader.js'
import { readLayout } from './compact-layout.js'
import {
  checkedPrefix,
  CHECKSUM_LENGTH,
  checksumOf,
  DEFAULT_PREFIX,
  FORMAT_VERSION,
  MAX_SESSION_ID_LENGTH,
} from './encode-session-id.js'
import { essentialCreds } from './essential-creds.js'
import { parsePlainCreds } from './plain-creds.js'
import { accountOf, ownLidMapping, type SessionContents } from './session-contents.js'
import { SessionIdError } from './session-id-error.js'

/** Bytes a compact payload may unfold to; a real one needs about one thousand. */
const MAX_UNFOLDED_LENGTH = 65_536

/** Characters of a plain form: old credentials carry years of history markers. */
const MAX_PLAIN_LENGTH = 1_048_576

export type DecodeOptions = {
  /** What the string must begin with, `WHIZLITE_` unless told. */
  prefix?: string
}

/**
 * Reads a session ID string: the compact form, or after the same prefix the JSON of Baileys credentials or the base64 of
 * that JSON. Space around the string is ignored. Every change to a compact string is found by its checksum; the plain
 * forms have none and are only checked for credentials that fit together.
 *
 * @throws SessionIdError; its message never holds any part of the string.
 */
export function decodeSessionId(text: string, options: DecodeOptions = {}): SessionContents {
  const prefix = checkedPrefix(options.prefix ?? DEFAULT_PREFIX)
  // callers in plain JavaScript may hand over an environment variable that is not set
  if (typeof text !== 'string') throw new SessionIdError('wrong_prefix')
  const trimmed = text.trim()
  if (!trimmed.startsWith(prefix)) throw new SessionIdError('wrong_prefix')
  if (trimmed.length > MAX_PLAIN_LENGTH) throw new SessionIdError('too_long')
  const body = trimmed.slice(prefix.length)
  if (body.startsWith('{')) return readPlain(body)
  // Base64 of JSON begins with `{`, 0x7b, so with `e`; the compact form begins with its version.
  if (body.startsWith('e')) return readPlain(Buffer.from(body, 'base64').toString('utf8'))
  if (trimmed.length > MAX_SESSION_ID_LENGTH) throw new SessionIdError('too_long')
  return readCompact(body)
}

function readCompact(body: string): SessionContents {
  const frame = Buffer.from(body.replaceAll('.', '_'), 'base64url')
  // Comparing with the canonical spelling finds foreign characters and changed padding bits.
  if (frame.toString('base64url').replaceAll('_', '.') !== body) throw new SessionIdError('corrupt')
  const version = frame.at(0) ?? 0
  if (version > FORMAT_VERSION) throw new SessionIdError('unsupported_version')
  const payload = frame.subarray(1 + CHECKSUM_LENGTH)
  if (version !== FORMAT_VERSION || !checksumOf(version, payload).equals(frame.subarray(1, 1 + CHECKSUM_LENGTH)))
    throw new SessionIdError('corrupt')
  const reader = new ByteReader(unfold(payload))
  const contents = readLayout(reader)
  reader.end()
  const account = accountOf(contents.creds)
  if (!account) throw new SessionIdError('not_linked')
  return { ...contents, account }
}

function readPlain(json: string): SessionContents {
  const creds = essentialCreds(parsePlainCreds(json))
  const account = accountOf(creds)
  if (!account) throw new SessionIdError('not_linked')
  return { creds, appStateSyncKeys: {}, lidMapping: ownLidMapping(creds), preKeys: null, account }
}

function unfold(payload: Buffer): Buffer {
  try {
    return brotliDecompressSync(payload, { maxOutputLength: MAX_UNFOLDED_LENGTH })
  } catch (error) {
    const tooLarge = error instanceof RangeError
    throw new SessionIdError(tooLarge ? 'too_large' : 'corrupt')
  }
}
