import { sql, type RawBuilder } from 'kysely'
import type { TenantReader, Tenants, TenantScope } from '../database/tenant-transaction.js'
import type { Cell } from '../vault/sealer.js'
import { VaultError } from '../vault/vault-error.js'
import type { Vault } from '../vault/vault.js'
import { jidPattern, namedInStanza, type Names } from './contact.js'
import { exported, type Exported } from './exported.js'

const pageSize = 500

export type ExportDeps = { tenants: Pick<Tenants, 'read'>; vault: Pick<Vault, 'workspaceSealer'> }

/**
 * What is stored, a line of JSON for each row, `{"table", "row"}`, in pages: memory holds one at a time. Pages are read one after the other in
 * the order of keys that no row changes: one that is there all the time is told once. Rows are those that the scope sees.
 * @param names only what names this contact; null: everything
 */
export async function* exportLines(
  { tenants, vault }: ExportDeps,
  scope: TenantScope,
  names: Names | null,
): AsyncGenerator<string> {
  for (const [table, told] of exported) {
    const where = names === null ? sql`true` : conditionOf(told, names)
    if (where === null) continue
    let after: readonly string[] | null = null
    do {
      const asked: Asked = { table, told, where, after }
      const page: Page = await tenants.read(scope, tx => readPage(tx, vault, asked))
      yield* page.lines
      ;({ after } = page)
    } while (after !== null)
  }
}

/** `after`: the keys of the row before; null: there is none. */
type Asked = { table: string; told: Exported; where: RawBuilder<unknown>; after: readonly string[] | null }
/** `after`: where the next page begins; null: there is none. */
type Page = { lines: string[]; after: readonly string[] | null }
type Row = { place: string[]; row: Record<string, unknown>; sealed: Buffer | null }

async function readPage(tx: TenantReader, vault: ExportDeps['vault'], asked: Asked): Promise<Page> {
  const { table, told, where, after } = asked
  const { columns, keys, opened } = told
  const refs = sql.join(keys.map(key => sql.ref(`t.${key}`)))
  const from = after === null ? sql`true` : sql`(${refs}) > (${sql.join(after)})`
  const { rows } = await sql<Row>`
    select array[${sql.join(keys.map(key => sql`${sql.ref(`t.${key}`)}::text`))}] as place,
      (select to_jsonb(r) from (select ${sql.join(columns.map(column => sql.ref(`t.${column}`)))}) r) as row,
      ${opened === undefined ? sql`null` : sql.ref(`t.${opened.column}`)} as sealed
    from ${sql.table(table)} t where ${from} and ${where} order by ${refs} limit ${pageSize}`.execute(tx.db)
  const lines: string[] = []
  for (const { place, row, sealed } of rows) {
    const text = opened && { [opened.column]: sealed && (await openedText(tx, vault, opened.cell(place), sealed)) }
    lines.push(`${JSON.stringify({ table, row: { ...row, ...text } })}\n`)
  }
  return { lines, after: rows.length < pageSize ? null : (rows.at(-1)?.place ?? null) }
}

/** @returns null for what no key opens any more */
async function openedText(
  tx: TenantReader,
  vault: ExportDeps['vault'],
  cell: Cell,
  sealed: Buffer,
): Promise<string | null> {
  try {
    const sealer = await vault.workspaceSealer(tx, tx.scope.workspaceId)
    return (await sealer.open(tx, cell, sealed)).toString('utf8')
  } catch (error) {
    if (error instanceof VaultError) return null
    throw error
  }
}

function conditionOf({ contact }: Exported, names: Names): RawBuilder<unknown> | null {
  switch (contact) {
    case 'jid':
      return sql`t.recipient ~ ${jidPattern(names)}`
    case 'stanza':
      return namedInStanza(names)
    case 'digits':
      return sql`(t.phone_number = any(${names.numbers}::text[]) or split_part(split_part(t.lid, '@', 1), ':', 1) = any(${names.lids}::text[]))`
    default:
      return null
  }
}
