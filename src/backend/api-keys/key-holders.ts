import { timingSafeEqual } from 'node:crypto'
import { sql } from 'kysely'
import proxyAddr from 'proxy-addr'
import type { Role } from '../../contract/access.js'
import { SessionId, UserId, WorkspaceId } from '../../contract/ids.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { scopesOf, type KeyScope, type Member } from '../http/actor.js'
import { createShortMemory } from '../short-memory.js'
import { hashOfSecret, readKey } from './key-text.js'

export type KeyHoldersDeps = {
  database: Pick<Database, 'system'>
  tenants: Pick<Tenants, 'read'>
  /** Woken by the id of a key that changes. */
  wakeups: { subscribe(keyId: string, wake: () => void): () => void }
  /** A member who is not suspended. */
  findMember: (workspaceId: WorkspaceId, userId: UserId) => Promise<{ role: Role } | null>
  onUsed: (workspaceId: WorkspaceId, keyId: string) => void
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number
}

/** Whom API keys stand for. */
export interface KeyHolders {
  /** @returns null for every key that is not in force, and from an address that it is not meant for */
  verify(key: string, address: string): Promise<Member | null>
  /** Somebody whose key was shown some time ago, as they are by now. */
  stillStands(this: void, holder: Pick<Member, 'keyId' | 'address'>): Promise<Member | null>
}

/** How long a change of a key may go unseen where its wake-up was lost. */
const forMs = 5_000

/** A key in force. */
type Key = {
  workspaceId: WorkspaceId
  userId: UserId
  secretHash: Buffer
  scopes: readonly KeyScope[]
  sessionIds: ReadonlySet<SessionId> | null
  allows: (address: string) => boolean
  /** On the clock of `now`. */
  endsAt: number
}

export function createKeyHolders(deps: KeyHoldersDeps): KeyHolders {
  const { database, tenants, wakeups, findMember, onUsed, now = () => performance.now() } = deps

  const memory = createShortMemory<Key>({
    forMs,
    now,
    subscribe: (id, changed) => wakeups.subscribe(id, changed),
    async load(id) {
      const asked = now()
      const workspaceId = await database.system(async ({ db }) => {
        const { rows } = await sql<{ id: string | null }>`select api_key_workspace(${id}) as id`.execute(db)
        return rows[0]?.id ?? null
      })
      if (workspaceId === null) return null
      const scope = { workspaceId: WorkspaceId.parse(workspaceId) }
      const row = await tenants.read(scope, ({ db }) =>
        db
          .selectFrom('api_keys')
          .select(['user_id', 'secret_hash', 'scopes', 'session_ids', 'addresses'])
          // the database's clock alone says when a key ends
          .select(sql<number | null>`extract(epoch from expires_at - clock_timestamp())::float8`.as('seconds'))
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .executeTakeFirst(),
      )
      if (row === undefined) return null
      return {
        ...scope,
        userId: UserId.parse(row.user_id),
        secretHash: row.secret_hash,
        scopes: row.scopes,
        sessionIds: row.session_ids && new Set(row.session_ids.map(sessionId => SessionId.parse(sessionId))),
        allows: row.addresses === null ? () => true : allowing(row.addresses),
        endsAt: row.seconds === null ? Infinity : asked + row.seconds * 1_000,
      }
    },
  })

  const holder = async (keyId: string, key: Key, address: string): Promise<Member | null> => {
    if (now() >= key.endsAt || !key.allows(address)) return null
    const { workspaceId, userId, sessionIds } = key
    const place = await findMember(workspaceId, userId)
    if (place === null) return null
    const allowed = scopesOf(place.role)
    const scopes = new Set(key.scopes.filter(scope => allowed.has(scope)))
    return { kind: 'key', workspaceId, userId, role: place.role, scopes, sessionIds, address, keyId }
  }

  return {
    async verify(text, address) {
      const parts = readKey(text)
      if (parts === null) return null
      const key = await memory.get(parts.id)
      if (key === null || !timingSafeEqual(hashOfSecret(parts.secret), key.secretHash)) return null
      const found = await holder(parts.id, key, address)
      if (found !== null) onUsed(key.workspaceId, parts.id)
      return found
    },
    async stillStands({ keyId, address }) {
      const key = keyId === undefined ? null : await memory.get(keyId)
      return key && keyId !== undefined ? holder(keyId, key, address) : null
    },
  }
}

function allowing(addresses: readonly string[]): (address: string) => boolean {
  const isAmong = proxyAddr.compile([...addresses])
  return address => isAmong(address, 0)
}
