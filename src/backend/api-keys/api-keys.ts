import type { ApiKeyId, ApiKeyList, CreateApiKeyRequest, ListApiKeysQuery, NewApiKey } from '../../contract/api-keys.js'
import type { SessionId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { TenantReader, Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import type { EventLog } from '../events/event-log.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import { scopeOf, scopesOf, type Member } from '../http/actor.js'
import type { Once } from '../http/idempotency.js'
import { missingScope, unknownSession } from '../http/refusals.js'
import { expiryPast, keyEnded, tooManyKeys, unknownKey } from './errors.js'
import {
  countInForce,
  endReplaced,
  insertKey,
  lockOwnKey,
  presentKey,
  readKeys,
  replaceKey,
  revokeKey,
} from './keys-store.js'

export type ApiKeysDeps = {
  tenants: Pick<Tenants, 'read' | 'transact'>
  /** Tells every node of a key that ends. */
  events: Pick<EventLog, 'wake'>
  /** Of this node, which is to know of it before whoever ended the key is told so. */
  wakeups: Pick<EventWakeups, 'wake'>
}

/** Keys that members make for their programs. */
export interface ApiKeys {
  list(by: Member, query: ListApiKeysQuery): Promise<ApiKeyList>
  /** @throws GatewayError `forbidden` for a scope beyond one's role, `session_not_found`, `too_many_api_keys` */
  create(by: Member, request: CreateApiKeyRequest, once: Once | null): Promise<NewApiKey>
  /**
   * A new one on the same terms; the old one lives a day beside it, and what that one had replaced ends.
   * @throws GatewayError `api_key_not_found`, `api_key_ended`
   */
  rotate(by: Member, id: ApiKeyId, once: Once | null): Promise<NewApiKey>
  /** At once, on every node. @throws GatewayError `api_key_not_found` */
  revoke(by: Member, id: ApiKeyId): Promise<void>
}

const mostKeys = 50
const usualLimit = 50
const besideSeconds = 24 * 60 * 60

export function createApiKeys({ tenants, events, wakeups }: ApiKeysDeps): ApiKeys {
  const tell = async (tx: TenantTransactor, id: string): Promise<void> => {
    await events.wake(tx, id)
    tx.onCommit(() => wakeups.wake(id))
  }

  return {
    list: (by, { limit = usualLimit, cursor }) =>
      tenants.read(scopeOf(by), async tx => {
        const rows = await readKeys(tx, { after: cursor, limit: limit + 1 })
        const shown = rows.slice(0, limit)
        return { apiKeys: shown.map(presentKey), next: rows.length > limit ? (shown.at(-1)?.id ?? null) : null }
      }),

    async create(by, { name, scopes, sessionIds, addresses, expiresAt }, once) {
      const beyond = scopes.find(scope => !scopesOf(by.role).has(scope))
      if (beyond !== undefined) throw missingScope(beyond)
      const expires = expiresAt === undefined ? null : new Date(expiresAt)
      if (expires !== null && expires.getTime() <= Date.now()) throw expiryPast()
      return tenants.transact(scopeOf(by), async tx => {
        if ((await countInForce(tx, by.userId)) >= mostKeys) throw tooManyKeys(mostKeys)
        if (sessionIds !== undefined) await requireSessions(tx, sessionIds)
        const terms = {
          name,
          scopes,
          session_ids: sessionIds ?? null,
          addresses: addresses ?? null,
          expires_at: expires,
        }
        const { row, key } = await insertKey(tx, by.userId, terms)
        await audit(tx, { action: 'key.created', detail: { keyId: row.id, scopes } })
        const made = { ...presentKey(row), key }
        // what is kept for a repetition must not show the key again
        await once?.remember(tx, { ...made, key: null })
        return made
      })
    },

    rotate: (by, id, once) =>
      tenants.transact(scopeOf(by), async tx => {
        const old = await lockOwnKey(tx, by.userId, id)
        if (old === undefined) throw unknownKey()
        if (!old.in_force || old.replaced_by !== null) throw keyEnded()
        const { name, scopes, session_ids, addresses, created_at, expires_at } = old
        const lifetime = expires_at && expires_at.getTime() - created_at.getTime()
        const expires = lifetime === null ? null : new Date(Date.now() + lifetime)
        const { row, key } = await insertKey(tx, by.userId, {
          name,
          scopes,
          session_ids,
          addresses,
          expires_at: expires,
        })
        // two hold beside each other, never three
        for (const earlier of await endReplaced(tx, id)) await tell(tx, earlier.id)
        await replaceKey(tx, id, { by: row.id, seconds: besideSeconds })
        await audit(tx, { action: 'key.rotated', detail: { keyId: id } })
        await tell(tx, id)
        const made = { ...presentKey(row), key }
        // what is kept for a repetition must not show the key again
        await once?.remember(tx, { ...made, key: null })
        return made
      }),

    revoke: (by, id) =>
      tenants.transact(scopeOf(by), async tx => {
        if (!(await revokeKey(tx, id))) throw unknownKey()
        await audit(tx, { action: 'key.revoked', detail: { keyId: id } })
        await tell(tx, id)
      }),
  }
}

/** A key names only what its member sees. */
async function requireSessions({ db }: TenantReader, ids: readonly SessionId[]): Promise<void> {
  const found = await db.selectFrom('sessions').select('id').where('id', 'in', ids).execute()
  if (found.length < ids.length) throw unknownSession()
}
