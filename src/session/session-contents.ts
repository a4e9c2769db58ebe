import type { AuthenticationCreds, proto } from '@whiskeysockets/baileys'
import type { SessionIdString } from '../contract/ids.js'
import type { IdRange } from './id-ranges.js'

export type { SessionIdString }

/** Key data of an app-state sync key by its id (base64), as Baileys' key store names them. */
export type AppStateSyncKeys = { [id: string]: proto.Message.IAppStateSyncKeyData }

/** What goes into a session ID string. */
export type SessionSource = {
  /** Credentials of a linked account. What only pairing or history sync reads is left out, see `essentialCreds`. */
  creds: AuthenticationCreds
  appStateSyncKeys: AppStateSyncKeys
  /** The account's own number and LID (user parts, no server); null: taken from `creds.me` when both are there. */
  lidMapping: { pn: string; lid: string } | null
  /**
   * The seed of the one-time pre-keys (32 bytes) and the ids that it must not answer for any more: used up, or uploaded by somebody who
   * may have made them otherwise. Null when the keys are not seeded.
   */
  preKeys: { seed: Uint8Array; usedIds: readonly IdRange[] } | null
}

/** Who a session belongs to, for people and logs of the owner: no secret. */
export type SessionAccount = {
  /** The device's own JID, such as `254700000001:7@s.whatsapp.net`. */
  jid: string
  /** Digits of the phone number; null for an account without one. */
  number: string | null
  lid: string | null
  name: string | null
}

/** What a session ID string held. `preKeys` is null for the plain forms. */
export type SessionContents = {
  creds: AuthenticationCreds
  appStateSyncKeys: AppStateSyncKeys
  lidMapping: { pn: string; lid: string } | null
  preKeys: { seed: Buffer; usedIds: IdRange[] } | null
  account: SessionAccount
}

/** User part of a JID: `254700000001` of `254700000001:7@s.whatsapp.net`. */
function userOf(jid: string): string {
  return jid.split(/[:@]/u, 1)[0] ?? ''
}

/** Whom these credentials belong to; undefined when they were never linked. */
export function accountOf(creds: AuthenticationCreds): SessionAccount | undefined {
  const { me } = creds
  if (!me?.id) return undefined
  const number = userOf(me.id)
  return {
    jid: me.id,
    number: me.id.endsWith('@s.whatsapp.net') && /^\d+$/u.test(number) ? number : null,
    lid: me.lid ?? null,
    name: me.name ?? null,
  }
}

/** The account's own number and LID, when its credentials know both. */
export function ownLidMapping(creds: AuthenticationCreds): { pn: string; lid: string } | null {
  const account = accountOf(creds)
  return account?.number && account.lid ? { pn: account.number, lid: userOf(account.lid) } : null
}
