import { sql } from 'kysely'
import type { WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Database } from '../database/database.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { keysByKek } from '../vault/keys-left.js'
import { rewrapLastingKeys } from '../vault/lasting-key.js'
import { knownKeks, type KnownKeks, type Secrets } from '../vault/secrets.js'
import { VaultError } from '../vault/vault-error.js'
import { adoptSecret } from './adopt-secret.js'

/** After each batch of one workspace. */
export type RewrapProgress = { workspaceId: WorkspaceId; done: number; left: number }

export type RotateSecretDeps = {
  database: Database
  tenants: Tenants
  secrets: Secrets
  /** Leaves off between two batches; whoever calls again goes on there. */
  signal: AbortSignal
  onProgress: (progress: RewrapProgress) => void
}

export type RewrapReport = {
  /** Data keys that were wrapped anew. */
  rewrapped: number
  /** Data keys that another secret than the present one wraps still. */
  left: number
  /** Of these, those that could not be opened: of another secret still, or damaged. */
  unreadable: number
}

type WrappedKey = { id: string; session_id: string | null; wrapped: Buffer; kek_id: string }

const atOnce = 200

/**
 * Makes the present session secret the one that wraps all data keys: online, in short transactions, as often as it likes, also twice at the
 * same time. What the keys have sealed stays as it is, so no reader notices.
 * @throws NodesWithoutSecretError, VaultError `wrong_key`, DatabaseUnavailableError
 */
export async function rotateSecret(deps: RotateSecretDeps): Promise<RewrapReport> {
  const { database, tenants, secrets, signal } = deps
  const keks = knownKeks(secrets)
  await adoptSecret(database, secrets)
  await rewrapLastingKeys(database, secrets)
  let [rewrapped, unreadable] = [0, 0]
  for (const workspaceId of await tenants.allIds()) {
    if (signal.aborted) break
    const done = await rewrapWorkspace(deps, keks, workspaceId)
    rewrapped += done.rewrapped
    unreadable += done.unreadable
  }
  const others = (await keysByKek(database)).filter(({ kekId }) => kekId !== keks.own.id)
  return { rewrapped, unreadable, left: others.reduce((total, { keys }) => total + keys, 0) }
}

async function rewrapWorkspace(
  { tenants, signal, onProgress }: RotateSecretDeps,
  keks: KnownKeks,
  workspaceId: WorkspaceId,
) {
  const scope = { workspaceId, by: { kind: 'operator' } } as const
  let [rewrapped, unreadable] = [0, 0]
  for (let after: string | null = null; !signal.aborted;) {
    const batch = await tenants.transact(scope, tx => rewrapBatch(tx, keks, after))
    if (batch.last === null) break
    if (rewrapped === 0 && batch.rewrapped > 0) {
      await tenants.transact(scope, tx => audit(tx, { action: 'rotation.started', detail: { code: 'secret' } }))
    }
    rewrapped += batch.rewrapped
    unreadable += batch.unreadable
    after = batch.last
    onProgress({ workspaceId, done: rewrapped, left: batch.left })
  }
  if (rewrapped > 0 && !signal.aborted) {
    const detail = { code: 'secret', count: rewrapped }
    await tenants.transact(scope, tx => audit(tx, { action: 'rotation.finished', detail }))
  }
  return { rewrapped, unreadable }
}

/** The next keys behind `after`. Whoever does the same at the same time is waited for, and has left nothing to do then. */
async function rewrapBatch(tx: TenantTransactor, keks: KnownKeks, after: string | null) {
  const { workspaceId } = tx.scope
  const { rows } = await sql<WrappedKey>`
    select id, session_id, wrapped, kek_id from data_keys
    where workspace_id = ${workspaceId} and kek_id <> ${keks.own.id} and (${after}::uuid is null or id > ${after}::uuid)
    order by id limit ${atOnce} for update`.execute(tx.db)
  const renewed = rows.flatMap(row => {
    const wrapped = wrapAnew(keks, workspaceId, row)
    return wrapped === null ? [] : [{ id: row.id, wrapped }]
  })
  await sql`
    update data_keys k set wrapped = n.wrapped, kek_id = ${keks.own.id}
    from unnest(${renewed.map(({ id }) => id)}::uuid[], ${renewed.map(({ wrapped }) => wrapped)}::bytea[]) as n (id, wrapped)
    where k.workspace_id = ${workspaceId} and k.id = n.id`.execute(tx.db)
  const { rows: counted } = await sql<{ left: string }>`
    select count(*) as left from data_keys where workspace_id = ${workspaceId} and kek_id <> ${keks.own.id}`.execute(
    tx.db,
  )
  return {
    last: rows.at(-1)?.id ?? null,
    rewrapped: renewed.length,
    unreadable: rows.length - renewed.length,
    left: Number(counted[0]?.left ?? 0),
  }
}

function wrapAnew(keks: KnownKeks, workspaceId: string, key: WrappedKey): Buffer | null {
  const scope = { workspaceId, sessionId: key.session_id }
  try {
    const opened = keks.of(key.kek_id).unwrap(scope, key.id, key.wrapped).export()
    return keks.own.wrap(scope, key.id, opened)
  } catch (error) {
    if (error instanceof VaultError) return null
    throw error
  }
}
