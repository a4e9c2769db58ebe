import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase, type ClonedDatabase } from '../../../tests/support/template-database.js'
import { Rows } from '../../../tests/support/rows.js'
import { loginColumns, sealedColumns, unsealedColumns } from './sealed-columns.js'

let clone: ClonedDatabase
let rows: Rows

beforeAll(async () => {
  clone = await cloneDatabase()
  rows = new Rows(clone.ownerUrl)
})
afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await clone.drop()
})

test('every column of bytes is known to the rotation, as sealed or not', async () => {
  const found = await rows.query<{ name: string }>(`
    select c.relname || '.' || a.attname as name from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'whizlite'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
      and a.atttypid in ('bytea'::regtype, 'bytea[]'::regtype) order by 1`)
  const sealed = sealedColumns.map(({ table, column }) => `${table}.${column}`)
  const known = [...sealed, ...loginColumns, ...unsealedColumns]
  expect(new Set(known).size).toBe(known.length)
  expect(known.toSorted()).toEqual(found.map(({ name }) => name).toSorted())
})

test('the keys of each tell its rows apart, in the types they have', async () => {
  for (const { table, column, under, keys } of sealedColumns) {
    const own = under === 'session' ? ['workspace_id', 'session_id'] : ['workspace_id']
    const types = await rows.query<{ name: string; type: string }>(
      `select attname as name, atttypid::regtype::text as type from pg_attribute where attrelid = $1::regclass and attnum > 0`,
      [`whizlite.${table}`],
    )
    const typeOf = new Map(types.map(({ name, type }) => [name, type]))
    for (const { name, type } of keys) expect(typeOf.get(name), `${table}.${name}`).toBe(type)
    for (const name of own) expect(typeOf.get(name), `${table}.${name}`).toBe('uuid')
    const unique = await rows.query<{ columns: string[] }>(
      `select array(select attname::text from pg_attribute where attrelid = indrelid and attnum = any (indkey)) as columns
       from pg_index where indrelid = $1::regclass and indisunique and indpred is null`,
      [`whizlite.${table}`],
    )
    const named = new Set([...own, ...keys.map(({ name }) => name)])
    expect(
      unique.some(({ columns }) => columns.every(name => named.has(name))),
      `${table}.${column}`,
    ).toBe(true)
  }
})
