import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { z } from 'zod'
import { bytesToJson, isRecord } from './bytes-json.js'
import { MAX_PRE_KEY_ID } from './derive-pre-key.js'
import { SessionIdError } from './session-id-error.js'

/**
 * The forms in which bytes occur in the JSON of credentials: Baileys' own, Node's `Buffer.toJSON`, base64 text (protobuf
 * objects), and the object with numbers as keys that a plain `JSON.stringify` makes of a Uint8Array.
 */
function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value === 'string') return Buffer.from(value, 'base64')
  if (!isRecord(value)) return undefined
  const inner = value['type'] === 'Buffer' ? value['data'] : Object.values(value)
  if (typeof inner === 'string') return Buffer.from(inner, 'base64')
  const numbers = z.array(z.number().int().min(0).max(255)).max(65_536).safeParse(inner)
  return numbers.success ? Buffer.from(numbers.data) : undefined
}

const bytes = z.unknown().transform((value, context) => {
  const result = bytesOf(value)
  if (result) return result
  context.addIssue({ code: 'custom', message: 'not bytes' })
  return z.NEVER
})
const key = bytes.refine(value => value.length === 32)
const keyPair = z.object({ private: key, public: key })
const counter = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const preKeyCounter = counter.min(1).max(MAX_PRE_KEY_ID)

/** Only the fields Baileys 7 reads; every other key of the JSON is dropped, `__proto__` among them. */
const Creds = z.object({
  noiseKey: keyPair,
  pairingEphemeralKeyPair: keyPair,
  signedIdentityKey: keyPair,
  signedPreKey: z.object({ keyPair, signature: bytes, keyId: counter, timestampS: counter.optional() }),
  registrationId: counter,
  advSecretKey: z.string(),
  me: z.object({ id: z.string(), lid: z.string().nullish(), name: z.string().nullish() }).nullish(),
  account: z
    .object({
      details: bytes.optional(),
      accountSignatureKey: bytes.optional(),
      accountSignature: bytes.optional(),
      deviceSignature: bytes.optional(),
    })
    .nullish(),
  signalIdentities: z
    .array(z.object({ identifier: z.object({ name: z.string(), deviceId: counter }), identifierKey: bytes }))
    .nullish(),
  myAppStateKeyId: z.string().nullish(),
  firstUnuploadedPreKeyId: preKeyCounter,
  nextPreKeyId: preKeyCounter,
  lastAccountSyncTimestamp: counter.nullish(),
  platform: z.string().nullish(),
  accountSyncCounter: counter.nullish(),
  accountSettings: z.object({ unarchiveChats: z.boolean().nullish() }).nullish(),
  registered: z.boolean().nullish(),
  routingInfo: bytes.nullish(),
})

/**
 * Credentials from the JSON text that Baileys' own file store and older bots use.
 *
 * @throws SessionIdError `corrupt` (no JSON), `not_a_session` (JSON of something else).
 */
export function parsePlainCreds(text: string): AuthenticationCreds {
  const parsed = Creds.safeParse(parseJson(text))
  if (!parsed.success) throw new SessionIdError('not_a_session')
  const { me, account, signalIdentities, myAppStateKeyId, lastAccountSyncTimestamp, platform, ...rest } = parsed.data
  const { timestampS, ...signedPreKey } = rest.signedPreKey
  return {
    ...rest,
    ...present({ signalIdentities, myAppStateKeyId, lastAccountSyncTimestamp, platform }),
    ...(me ? { me: { id: me.id, ...present({ lid: me.lid, name: me.name }) } } : {}),
    ...(account ? { account: present(account) } : {}),
    signedPreKey: { ...signedPreKey, ...present({ timestampS }) },
    processedHistoryMessages: [],
    accountSyncCounter: rest.accountSyncCounter ?? 0,
    accountSettings: { unarchiveChats: rest.accountSettings?.unarchiveChats ?? false },
    registered: rest.registered ?? false,
    pairingCode: undefined,
    lastPropHash: undefined,
    routingInfo: rest.routingInfo ?? undefined,
    additionalData: undefined,
  }
}

/**
 * The JSON of credentials for bots that know nothing newer. Their key stores are empty, so both pre-key counters move
 * behind every id that may be known to WhatsApp: Baileys then makes keys of its own, with new ids, on the first login.
 */
export function writePlainCreds(creds: AuthenticationCreds): string {
  const next = Math.max(creds.nextPreKeyId, creds.firstUnuploadedPreKeyId)
  const account = creds.account && {
    details: base64(creds.account.details),
    accountSignatureKey: base64(creds.account.accountSignatureKey),
    accountSignature: base64(creds.account.accountSignature),
    deviceSignature: base64(creds.account.deviceSignature),
  }
  return bytesToJson({ ...creds, account, nextPreKeyId: next, firstUnuploadedPreKeyId: next })
}

function base64(value: Uint8Array | null | undefined): string | undefined {
  return value ? Buffer.from(value).toString('base64') : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the text.
    throw new SessionIdError('corrupt')
  }
}

/** The fields that have a value. */
function present<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept: { [K in keyof T]?: NonNullable<T[K]> } = {}
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined && value !== null) kept[name] = value
  }
  return kept
}
