import { z } from 'zod'
import { KeyScope } from './access.js'
import { SessionId, UserId } from './ids.js'

/** The public part of a key: `whiz_live_<id>_…`. Not a secret. */
export const ApiKeyId = z.string().regex(/^[0-9A-Za-z]{8}$/, 'must be the eight signs of a key after whiz_live_')
export type ApiKeyId = z.infer<typeof ApiKeyId>

const KeyName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{C}*$/u, 'must not hold control characters')

const isUnique = (list: readonly string[]) => new Set(list).size === list.length
const unique = 'must not name anything twice'

const OneSession = z
  .uuid()
  .transform(id => id.toLowerCase())
  .pipe(SessionId)

const Address = z.union(
  [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
  'must be an address or a range such as 10.0.0.0/8',
)

export const CreateApiKeyRequest = z.strictObject({
  name: KeyName,
  scopes: z.array(KeyScope).min(1).max(5).refine(isUnique, unique),
  /** The only sessions that the key reaches. */
  sessionIds: z.array(OneSession).min(1).max(100).refine(isUnique, unique).optional(),
  /** The only addresses and ranges from which the key is taken. */
  addresses: z.array(Address).min(1).max(50).refine(isUnique, unique).optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
})
export type CreateApiKeyRequest = z.infer<typeof CreateApiKeyRequest>

export const ApiKeyView = z.strictObject({
  id: ApiKeyId,
  /** Whose it is: it can do no more than they may, and ends with their place in the workspace. */
  userId: UserId,
  name: z.string(),
  /** The end of its secret, to tell keys apart. */
  last4: z.string(),
  scopes: z.array(KeyScope),
  sessionIds: z.array(SessionId).nullable(),
  addresses: z.array(z.string()).nullable(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  /** To the minute. */
  lastUsedAt: z.string().nullable(),
  /** The key that was made to take its place. */
  replacedBy: ApiKeyId.nullable(),
})
export type ApiKeyView = z.infer<typeof ApiKeyView>

/** `key` is shown here and never again: null where the request was sent again under its Idempotency-Key. */
export const NewApiKey = z.strictObject({ ...ApiKeyView.shape, key: z.string().nullable() })
export type NewApiKey = z.infer<typeof NewApiKey>

export const ListApiKeysQuery = z.strictObject({
  /** 50 without it. */
  limit: z
    .string()
    .regex(/^([1-9]\d?|1\d\d|200)$/, 'must be a number from 1 to 200')
    .transform(Number)
    .optional(),
  /** `next` of the page before. */
  cursor: ApiKeyId.optional(),
})
export type ListApiKeysQuery = z.infer<typeof ListApiKeysQuery>

/** `next` is the cursor of the following page; null: there is none. */
export const ApiKeyList = z.strictObject({ apiKeys: z.array(ApiKeyView), next: ApiKeyId.nullable() })
export type ApiKeyList = z.infer<typeof ApiKeyList>
