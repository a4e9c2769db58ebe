import { BufferJSON, initAuthCreds, jidDecode, type AuthenticationCreds } from '@whiskeysockets/baileys'
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

/**
 * Half-paired credentials are written as what they are: unlinked. Asking for a pairing code makes Baileys put the wanted number into `me`
 * long before a phone agrees, and credentials with a `me` log in (and are refused) instead of registering.
 */
export function encodeCredentials({ creds, preKeys }: CredentialsRecord): Credentials {
  const record = { creds: isPaired(creds) ? creds : unlinked(creds), preKeys }
  return { engine: 'baileys', bytes: Buffer.from(JSON.stringify(record, BufferJSON.replacer)) }
}

export function decodeCredentials(credentials: Credentials): CredentialsRecord {
  const record = JSON.parse(Buffer.from(credentials.bytes).toString('utf8'), BufferJSON.reviver) as CredentialsRecord
  return isPaired(record.creds) ? record : { ...record, creds: unlinked(record.creds) }
}

export function newCredentialsRecord(seed: Uint8Array): CredentialsRecord {
  return { creds: initAuthCreds(), preKeys: { seed, usedIds: [] } }
}

/**
 * Whether a phone has agreed to this device: pair-success brings the signed identity and a `me` with a device number; the `me` of a code
 * that was only asked for has none. A session that came as a string may lack the identity. Source: `lib/Utils/validate-connection.js`.
 */
export function isPaired({ account, me }: AuthenticationCreds): boolean {
  return Boolean(account) || (me !== undefined && jidDecode(me.id)?.device !== undefined)
}

function unlinked(creds: AuthenticationCreds): AuthenticationCreds {
  const { me: _wanted, ...rest } = creds
  return { ...rest, pairingCode: undefined, registered: false }
}
