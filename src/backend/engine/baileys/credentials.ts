import { BufferJSON, initAuthCreds, type AuthenticationCreds } from '@whiskeysockets/baileys'
import type { IdRange } from '../../../session/index.js'
import type { Credentials } from '../engine.js'

/** What the bytes of `Credentials` hold: Baileys' own object and the seed that every pre-key of the session comes from. */
export type CredentialsRecord = {
  creds: AuthenticationCreds
  preKeys: {
    seed: Uint8Array
    usedIds: IdRange[]
    /** After a take-back: the first id of ours that WhatsApp has not been told yet. Until it has, new keys go up at the next login. */
    freshFrom?: number
  }
}

export function encodeCredentials(record: CredentialsRecord): Credentials {
  return { engine: 'baileys', bytes: Buffer.from(JSON.stringify(record, BufferJSON.replacer)) }
}

export function decodeCredentials(credentials: Credentials): CredentialsRecord {
  return JSON.parse(Buffer.from(credentials.bytes).toString('utf8'), BufferJSON.reviver) as CredentialsRecord
}

export function newCredentialsRecord(seed: Uint8Array): CredentialsRecord {
  return { creds: initAuthCreds(), preKeys: { seed, usedIds: [] } }
}
