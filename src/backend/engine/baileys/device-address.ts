import { isHostedPnUser, isPnUser, jidDecode, type SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys'

type LidMapping = SignalRepositoryWithLIDStore['lidMapping']

/**
 * Every known name of the device behind a JID; the first is the one that its PN and its LID share. Both stand for one ratchet and
 * a stanza may use either.
 */
export async function deviceAddresses(mapping: LidMapping, jid: string): Promise<[string, ...string[]]> {
  const own = deviceAddress(jid)
  // a look-up that fails has failed the whole store already
  if (isPnUser(jid) || isHostedPnUser(jid)) {
    const lid = await mapping.getLIDForPN(jid).catch(() => null)
    return lid === null ? [own] : [deviceAddress(lid), own]
  }
  const pn = await mapping.getPNForLID(jid).catch(() => null)
  return pn === null ? [own] : [own, deviceAddress(pn)]
}

/** @param device another device of the same person than the one that `jid` names; 0 is the phone */
export function deviceAddress(jid: string, device = jidDecode(jid)?.device ?? 0): string {
  const decoded = jidDecode(jid)
  return `${decoded?.user}@${decoded?.server}.${device}`
}
