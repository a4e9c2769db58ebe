import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { checkCanary } from '../vault/canary.js'
import { keysByKek, type KeysOfKek } from '../vault/keys-left.js'
import { knownKeks, type Secrets } from '../vault/secrets.js'

export type KeyStatus = {
  /** Fingerprints: of the secret that is set, the former one that is set, and the one that new data keys are wrapped with. */
  secrets: { own: string; previous: string | null; inUse: string }
  wrapped: (KeysOfKek & { is: 'own' | 'previous' | 'unknown' })[]
  /** Running nodes, and whether they have the secret that is set. */
  nodes: { node: string; ready: boolean }[]
  workspaces: WorkspaceKeys[]
}

/** `scopes`: sessions with keys of their own, and the workspace itself; `replacing`: those of them with more than one key that is needed. */
export type WorkspaceKeys = { workspaceId: string; scopes: number; keys: number; replacing: number; retired: number }

export type KeyStatusDeps = { database: Database; tenants: Tenants; secrets: Secrets }

/** What is under which key. @throws VaultError `wrong_key`, DatabaseUnavailableError */
export async function keyStatus({ database, tenants, secrets }: KeyStatusDeps): Promise<KeyStatus> {
  const { own, ids } = knownKeks(secrets)
  const [, previous = null] = ids
  const { kekId: inUse } = await checkCanary(database, secrets)
  const kinds = new Map([[own.id, 'own' as const], ...(previous === null ? [] : [[previous, 'previous'] as const])])
  const workspaces: WorkspaceKeys[] = []
  for (const workspaceId of await tenants.allIds()) {
    const counted = await tenants.read({ workspaceId }, tx =>
      sql<Record<'scopes' | 'keys' | 'replacing' | 'retired', number>>`
        select count(*)::int as scopes, coalesce(sum(keys), 0)::int as keys, coalesce(sum(retired), 0)::int as retired,
          count(*) filter (where keys - retired > 1)::int as replacing
        from (
          select count(*) as keys, count(retired_at) as retired from data_keys where workspace_id = ${workspaceId} group by session_id
        ) as scopes`.execute(tx.db),
    )
    workspaces.push({ workspaceId, ...(counted.rows[0] ?? { scopes: 0, keys: 0, replacing: 0, retired: 0 }) })
  }
  const { rows: nodes } = await database.system(({ db }) =>
    sql<{ node: string; ready: boolean }>`
      select coalesce(name, id::text) as node, coalesce(kek_ids @> array[${own.id}], false) as ready from nodes
      where lease_until > clock_timestamp() and replaced_at is null order by 1`.execute(db),
  )
  return {
    secrets: { own: own.id, previous, inUse },
    wrapped: (await keysByKek(database)).map(each => ({ ...each, is: kinds.get(each.kekId) ?? 'unknown' })),
    nodes,
    workspaces,
  }
}
