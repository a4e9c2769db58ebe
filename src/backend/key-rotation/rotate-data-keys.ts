import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import type { Database } from '../database/database.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { vaultLimits, type Vault } from '../vault/vault.js'
import { keyScopes, quietSeconds, renewDataKey, retireOlderKeys } from './data-keys.js'
import type { KeyScope } from './newest-sealer.js'
import { resealScope } from './reseal.js'

/** After each session of a workspace, and the workspace itself. `left`: of these, those to come. */
export type ResealProgress = { workspaceId: WorkspaceId; done: number; left: number; rows: number }

export type RotateDataKeysDeps = {
  database: Database
  tenants: Tenants
  vault: Vault
  signal: AbortSignal
  onProgress: (progress: ResealProgress) => void
  /** Milliseconds until nobody seals with a key that was replaced. */
  settleMs?: number
}

export type ResealReport = {
  /** Data keys that were made. */
  keys: number
  /** Values that were sealed anew. */
  rows: number
  /** Values that an older key seals still. */
  left: number
  /** Of these, values that did not open: damaged, or moved from elsewhere. */
  unreadable: number
}

const metaKey = 'data_key_rotation'

/** A transaction that has sealed with a replaced key may commit that much later. */
const usualSettleMs = vaultLimits.confirmEveryMs + 15_000

/**
 * Gives every session and workspace a new data key and seals everything stored with it, beside the nodes that run. Left off or killed, the
 * next run goes on with the same new keys; several at once share the work. The old keys are deleted by the hourly job once nothing has
 * needed them for `quietSeconds`.
 */
export async function rotateDataKeys(deps: RotateDataKeysDeps): Promise<ResealReport> {
  const { database, tenants, vault, signal, onProgress, settleMs = usualSettleMs } = deps
  const since = await beginning(database)
  const report: ResealReport = { keys: 0, rows: 0, left: 0, unreadable: 0 }
  const workspaces = await tenants.allIds()
  let madeAt = -Infinity
  for (const workspaceId of workspaces) {
    const by = { workspaceId, by: { kind: 'operator' } } as const
    const scopes = await tenants.read({ workspaceId }, tx => keyScopes(tx, workspaceId, 'all'))
    let rows = 0
    for (const [done, scope] of scopes.entries()) {
      if (signal.aborted) return report
      if (await renewDataKey({ tenants, vault }, scope, since)) {
        if (report.keys++ === 0 || done === 0) {
          await tenants.transact(by, tx => audit(tx, { action: 'rotation.started', detail: { code: 'data_keys' } }))
        }
        madeAt = performance.now()
      }
      rows += (await resealScope({ tenants, vault }, scope, signal)).rows
      onProgress({ workspaceId, done: done + 1, left: scopes.length - done - 1, rows })
    }
    report.rows += rows
  }
  // whoever has sealed with an older key meanwhile did so before the next pass
  await delay(Math.max(0, madeAt + settleMs - performance.now()), undefined, { signal }).catch(() => {})
  for (const workspaceId of workspaces) {
    if (signal.aborted) return report
    const finished = await finish(deps, workspaceId)
    report.rows += finished.rows
    report.left += finished.left
    report.unreadable += finished.unreadable
  }
  // what does not open never will: waiting for it would keep every later rotation from making keys
  if (report.left <= report.unreadable && !signal.aborted) await end(database, since)
  return report
}

/** What is left of scopes with several keys: also what the hourly job does. */
export async function finishScopes(
  { tenants, vault }: Pick<RotateDataKeysDeps, 'tenants' | 'vault'>,
  workspaceId: WorkspaceId,
  signal: AbortSignal,
  afterSeconds = quietSeconds,
) {
  const total = { scopes: 0, rows: 0, left: 0, unreadable: 0 }
  const scopes: KeyScope[] = await tenants.read({ workspaceId }, tx => keyScopes(tx, workspaceId, 'several'))
  for (const scope of scopes) {
    if (signal.aborted) break
    const { rows, unreadable } = await resealScope({ tenants, vault }, scope, signal)
    total.scopes++
    total.rows += rows
    total.unreadable += unreadable
    total.left += await retireOlderKeys(tenants, scope, afterSeconds)
  }
  return total
}

async function finish({ tenants, vault, signal }: RotateDataKeysDeps, workspaceId: WorkspaceId) {
  const finished = await finishScopes({ tenants, vault }, workspaceId, signal)
  if (finished.scopes > 0 && finished.left === 0 && !signal.aborted) {
    const detail = { code: 'data_keys', count: finished.scopes }
    await tenants.transact({ workspaceId, by: { kind: 'operator' } }, tx =>
      audit(tx, { action: 'rotation.finished', detail }),
    )
  }
  return finished
}

/** When the rotation under way began, by the database's clock; now, when none is, or nobody went on with it for a day. */
function beginning(database: Database): Promise<Date> {
  return database.system(async ({ db }) => {
    await sql`
      insert into meta (key, value) values (${metaKey}, to_json(now())#>>'{}') 
      on conflict (key) do update set value = excluded.value where meta.value::timestamptz < now() - interval '1 day'`.execute(
      db,
    )
    const { rows } = await sql<{ since: Date }>`
      select value::timestamptz as since from meta where key = ${metaKey}`.execute(db)
    return rows[0]?.since ?? new Date()
  })
}

async function end(database: Database, since: Date): Promise<void> {
  await database.system(({ db }) =>
    sql`delete from meta where key = ${metaKey} and date_trunc('milliseconds', value::timestamptz) = ${since}`.execute(
      db,
    ),
  )
}
