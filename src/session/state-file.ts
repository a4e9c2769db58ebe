import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { bytesToJson, isRecord, jsonToBytes } from './bytes-json.js'
import { plainAccount } from './essential-creds.js'
import type { IdRange } from './id-ranges.js'
import type { StoredKeys } from './memory-keys.js'
import { SessionIdError } from './session-id-error.js'

/** All there is to a running session. */
export type SessionState = {
  creds: AuthenticationCreds
  keys: StoredKeys
  preKeys: { seed: Uint8Array; usedIds: IdRange[] } | null
}

const VERSION = 1

/**
 * The state a bot left in its file; undefined when there is no file or it belongs to another link. Whose it is shows in
 * the identity key, which every new link replaces.
 *
 * @throws SessionIdError `unreadable_state_file`, and the file system's own errors.
 */
export async function readStateFile(file: string, creds: AuthenticationCreds): Promise<SessionState | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isRecord(error) && error['code'] === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const stored = parse(text)
  if (!isState(stored)) throw new SessionIdError('unreadable_state_file')
  const { creds: kept, keys, preKeys } = stored
  const same = Buffer.from(creds.signedIdentityKey.public).equals(kept.signedIdentityKey.public)
  return same ? { creds: kept, keys, preKeys } : undefined
}

/** Writes a state file so that a crash at any moment leaves the old one or the new one; only its owner may read it. */
export function stateFile(file: string, state: () => SessionState): { save(): Promise<void> } {
  let waiting: Promise<void> | undefined
  let writing: Promise<void> = Promise.resolve()
  const write = async (): Promise<void> => {
    waiting = undefined
    const { creds, keys, preKeys } = state()
    const account = creds.account && plainAccount(creds.account)
    await replace(file, bytesToJson({ version: VERSION, creds: { ...creds, account }, keys, preKeys }))
  }
  return {
    /** Resolves when what is true now is on disk; calls that come while a write is under way share the next one. */
    save() {
      if (!waiting) {
        waiting = writing.then(write)
        writing = waiting.catch(() => undefined)
      }
      return waiting
    },
  }
}

async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

function parse(text: string): unknown {
  try {
    return jsonToBytes(text)
  } catch {
    // The parser's message quotes the file.
    throw new SessionIdError('unreadable_state_file')
  }
}

/** The file is our own, so this only tells it from other files. */
function isState(value: unknown): value is SessionState {
  if (!isRecord(value) || value['version'] !== VERSION || !isRecord(value['keys'])) return false
  const { creds, preKeys } = value
  if (!isRecord(creds) || !isRecord(creds['signedIdentityKey'])) return false
  if (!Buffer.isBuffer(creds['signedIdentityKey']['public'])) return false
  return (
    preKeys === null || (isRecord(preKeys) && Buffer.isBuffer(preKeys['seed']) && Array.isArray(preKeys['usedIds']))
  )
}
