import { sql, type RawBuilder } from 'kysely'
import type { Tenants, TenantScope } from '../database/tenant-transaction.js'
import { jidPattern, namedInStanza, type Names } from './contact.js'
import { exported, type Exported } from './exported.js'

const pageSize = 500

/**
 * What is stored, a line of JSON for each row, `{"table", "row"}`, in pages: memory holds one at a time. Pages are read one after the other, so
 * what is written meanwhile may be told or not. Rows are those that the scope sees.
 * @param names only what names this contact; null: everything
 */
export async function* exportLines(
  tenants: Pick<Tenants, 'read'>,
  scope: TenantScope,
  names: Names | null,
): AsyncGenerator<string> {
  for (const [table, told] of exported) {
    const where = names === null ? sql`true` : conditionOf(told, names)
    if (where === null) continue
    const columns = sql.join(told.columns.map(column => sql.ref(column)))
    let after = '(0,0)'
    for (;;) {
      const { rows } = await tenants.read(scope, ({ db }) =>
        sql<{ place: string; row: Record<string, unknown> }>`
          select t.ctid::text as place, (select to_jsonb(r) from (select ${columns}) r) as row
          from ${sql.table(table)} t where t.ctid > ${after}::tid and ${where} order by t.ctid limit ${pageSize}`.execute(
          db,
        ),
      )
      for (const { row } of rows) yield `${JSON.stringify({ table, row })}\n`
      const last = rows.at(-1)
      if (rows.length < pageSize || last === undefined) break
      after = last.place
    }
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
