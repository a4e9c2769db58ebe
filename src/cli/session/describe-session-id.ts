import { decodeSessionId } from '../../session/index.js'
import { FORMAT_VERSION } from '../../session/encode-session-id.js'
import { IdRanges, type IdRange } from '../../session/id-ranges.js'
import { printable } from '../printable.js'

/** What a session ID is, without anything secret. */
export type SessionIdDescription = {
  /** `compact`, or a plain form: the credentials of Baileys as JSON, or base64 of it. */
  form: 'compact' | 'json' | 'base64'
  /** `null` for the plain forms, which have none. */
  version: number | null
  characters: number
  /** `ok`: nothing was changed on the way. Plain forms have no checksum. */
  checksum: 'ok' | 'none'
  account: {
    number: string | null
    lid: string | null
    /** Number of the linked device; 0 is the phone itself. */
    device: number | null
    name: string | null
    /** What the account's phone runs, as WhatsApp says it: `android`, `iphone`. */
    phone: string | null
  }
  contents: {
    /** The seed from which the one-time pre-keys follow. */
    preKeySeed: boolean
    /** Ids that were given out, so that no key is used twice. */
    usedPreKeyIds: number
    appStateKeys: number
    lidMapping: boolean
  }
}

/**
 * @throws SessionIdError (of `whizlite/session`); its message never holds any part of the string
 */
export function describeSessionId(text: string, prefix: string): SessionIdDescription {
  const { account, appStateSyncKeys, creds, lidMapping, preKeys } = decodeSessionId(text, { prefix })
  const trimmed = text.trim()
  const form = formOf(trimmed.slice(prefix.length))
  return {
    form,
    version: form === 'compact' ? FORMAT_VERSION : null,
    characters: trimmed.length,
    checksum: form === 'compact' ? 'ok' : 'none',
    account: {
      number: account.number,
      lid: nameOrNull(account.lid),
      device: deviceOf(account.jid),
      name: nameOrNull(account.name),
      phone: nameOrNull(creds.platform),
    },
    contents: {
      preKeySeed: preKeys !== null,
      usedPreKeyIds: countOf(preKeys?.usedIds ?? []),
      appStateKeys: Object.keys(appStateSyncKeys).length,
      lidMapping: lidMapping !== null,
    },
  }
}

function countOf(ids: Iterable<IdRange>): number {
  return new IdRanges(ids).runs().reduce((count, { first, last }) => count + last - first + 1, 0)
}

/** As the decoder tells them apart. */
function formOf(body: string): SessionIdDescription['form'] {
  if (body.startsWith('{')) return 'json'
  return body.startsWith('e') ? 'base64' : 'compact'
}

/** `7` of `254700000001:7@s.whatsapp.net`. */
function deviceOf(jid: string): number | null {
  const device = /^[^:@]*:(\d{1,5})@/.exec(jid)?.[1]
  return device === undefined ? null : Number(device)
}

/** Some of these were chosen by the account's owner. */
function nameOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : printable(text)
}
