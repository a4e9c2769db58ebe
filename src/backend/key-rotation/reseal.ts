import { sql, type RawBuilder } from 'kysely'
import type { TenantReader, TenantTransactor } from '../database/tenant-transaction.js'
import { keyIdPlace } from '../vault/key-ring.js'
import type { Vault } from '../vault/vault.js'
import { newestSealer, sealAnew, type KeyScope, type ResealDeps, type Resealed } from './newest-sealer.js'
import { resealLogins, loginsLeft } from './reseal-logins.js'
import { sealedColumns, type KeyValue, type SealedColumn } from './sealed-columns.js'

const atOnce = 200

/**
 * Seals everything of one scope with its newest data key, in short transactions beside whoever reads and writes: a value is changed only if
 * it still is the one that was read, and readers know all keys. May be left off at any time and begun again.
 */
export async function resealScope(deps: ResealDeps, scope: KeyScope, signal: AbortSignal): Promise<Resealed> {
  const total: Resealed = { rows: 0, unreadable: 0 }
  for (const column of columnsOf(scope)) {
    for (let after: readonly KeyValue[] | null = []; after !== null && !signal.aborted;) {
      const behind: readonly KeyValue[] = after
      const batch: Resealed & { last: readonly KeyValue[] | null } = await deps.tenants.transact(
        { workspaceId: scope.workspaceId },
        tx => resealBatch(tx, deps.vault, { scope, column, after: behind }),
      )
      total.rows += batch.rows
      total.unreadable += batch.unreadable
      // what has no key of its own is one row
      after = column.keys.length === 0 ? null : batch.last
    }
  }
  if (scope.sessionId !== null) return total
  const logins = await resealLogins(deps, scope.workspaceId, signal)
  return { rows: total.rows + logins.rows, unreadable: total.unreadable + logins.unreadable }
}

/** How many values of the scope another key than this one seals. */
export async function valuesLeft(tx: TenantReader, scope: KeyScope, keyId: string): Promise<number> {
  let left = scope.sessionId === null ? (await loginsLeft(tx, scope.workspaceId, keyId)).length : 0
  for (const column of columnsOf(scope)) {
    const { rows } = await sql<{ count: string }>`
      select count(*) as count from ${sql.table(column.table)} where ${isOlder(column, scope, keyId)}`.execute(tx.db)
    left += Number(rows[0]?.count ?? 0)
  }
  return left
}

const columnsOf = ({ sessionId }: KeyScope) =>
  sealedColumns.filter(({ under }) => (under === 'session') === (sessionId !== null))

function isOlder({ column, under }: SealedColumn, scope: KeyScope, keyId: string): RawBuilder<boolean> {
  const value = sql.ref(column)
  const named = sql`substring(${value} from ${sql.lit(keyIdPlace.from)} for ${sql.lit(keyIdPlace.bytes)})`
  return sql<boolean>`workspace_id = ${scope.workspaceId} ${
    under === 'session' ? sql`and session_id = ${scope.sessionId}` : sql``
  } and ${value} is not null and ${named} <> uuid_send(${keyId}::uuid)`
}

type Batch = { scope: KeyScope; column: SealedColumn; after: readonly KeyValue[] }

async function resealBatch(tx: TenantTransactor, vault: Pick<Vault, 'sealer'>, { scope, column, after }: Batch) {
  const sealer = await newestSealer(tx, vault, scope)
  if (sealer === null) return { rows: 0, unreadable: 0, last: null }
  const names = column.keys.map(({ name }) => sql.ref(name))
  const order = names.length === 0 ? sql`` : sql`order by ${sql.join(names)}`
  const from =
    after.length === 0
      ? sql``
      : sql`and (${sql.join(names)}) > (${sql.join(column.keys.map(({ type }, n) => sql`${after[n]}::${sql.raw(type)}`))})`
  const { rows } = await sql<Record<string, KeyValue> & { sealed_value: Buffer }>`
    select ${sql.join([...names, sql`${sql.ref(column.column)} as sealed_value`])} from ${sql.table(column.table)}
    where ${isOlder(column, scope, sealer.keyId)} ${from} ${order} limit ${atOnce}`.execute(tx.db)
  const anew: { keys: KeyValue[]; was: Buffer; sealed: Buffer }[] = []
  for (const row of rows) {
    const keys = column.keys.map(({ name }) => row[name] ?? '')
    const sealed = await sealAnew(tx, sealer, column.cell(scope.sessionId ?? '', keys), row.sealed_value)
    if (sealed !== null) anew.push({ keys, was: row.sealed_value, sealed })
  }
  const last = rows.at(-1)
  return {
    rows: anew.length === 0 ? 0 : await replace(tx, { scope, column }, anew),
    unreadable: rows.length - anew.length,
    last: last === undefined ? null : column.keys.map(({ name }) => last[name] ?? ''),
  }
}

async function replace(
  tx: TenantTransactor,
  { scope, column: { table, column, under, keys } }: Pick<Batch, 'scope' | 'column'>,
  anew: readonly { keys: KeyValue[]; was: Buffer; sealed: Buffer }[],
): Promise<number> {
  const arrays = [
    ...keys.map(({ type }, n) => sql`${anew.map(each => each.keys[n])}::${sql.raw(type)}[]`),
    sql`${anew.map(({ was }) => was)}::bytea[]`,
    sql`${anew.map(({ sealed }) => sealed)}::bytea[]`,
  ]
  const named = [...keys.map((_, n) => sql.ref(`key_${n}`)), sql`was`, sql`sealed`]
  const same = keys.map(({ name }, n) => sql`and t.${sql.ref(name)} = n.${sql.ref(`key_${n}`)}`)
  const { numAffectedRows } = await sql`
    update ${sql.table(table)} t set ${sql.ref(column)} = n.sealed
    from unnest(${sql.join(arrays)}) as n (${sql.join(named)})
    where t.workspace_id = ${scope.workspaceId} ${under === 'session' ? sql`and t.session_id = ${scope.sessionId}` : sql``}
      ${same.length === 0 ? sql`` : sql.join(same, sql` `)} and t.${sql.ref(column)} = n.was`.execute(tx.db)
  return Number(numAffectedRows ?? 0n)
}
