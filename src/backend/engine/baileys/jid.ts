import { jidDecode, jidNormalizedUser } from '@whiskeysockets/baileys'
import type { Account } from '../engine.js'

/** The JID of a person without its device part: `4477:3@s.whatsapp.net` → `4477@s.whatsapp.net`. */
export function withoutDevice(jid: string): string {
  return jidNormalizedUser(jid)
}

/** Digits of a PN; `null` for a LID or anything else. */
export function phoneNumberOf(jid: string): string | null {
  const decoded = jidDecode(jid)
  return decoded?.server === 's.whatsapp.net' ? decoded.user : null
}

/** The account that Baileys' `creds.me` names; `null` before a link. */
export function accountOf(me: { id: string; lid?: string; name?: string } | undefined): Account | null {
  if (me === undefined) return null
  const pn = withoutDevice(me.id)
  const phoneNumber = phoneNumberOf(pn)
  if (phoneNumber === null) return null
  const name = me.name === undefined || me.name === '' ? null : me.name
  return { phoneNumber, pn, lid: me.lid === undefined ? null : withoutDevice(me.lid), name }
}
