import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { checkCanary } from './canary.js'

const failing = (code: string): unknown => expect.objectContaining({ name: 'VaultError', code })

const secret = randomBytes(32)
let opened: TestDatabase

beforeEach(async () => {
  opened = await openTestDatabase()
})
afterEach(() => opened[Symbol.asyncDispose]())

type Row = { sealed: Buffer; kek_id: string; created_at: Date; xmin: string }

const rows = (): Promise<Row[]> =>
  opened.database.system(async ({ db }) => (await sql<Row>`select *, xmin::text from canary`.execute(db)).rows)

test('the first start leaves one canary, later starts open it and change nothing', async () => {
  await checkCanary(opened.database, { secret })
  const first = await rows()
  expect(first).toHaveLength(1)
  await checkCanary(opened.database, { secret })
  expect(await rows()).toEqual(first)
})

test('many first starts at once leave one canary that all of them open', async () => {
  await Promise.all(Array.from({ length: 12 }, () => checkCanary(opened.database, { secret })))
  expect(await rows()).toHaveLength(1)
})

test('of first starts with different secrets exactly one wins', async () => {
  const secrets = Array.from({ length: 6 }, () => randomBytes(32))
  const results = await Promise.allSettled(secrets.map(each => checkCanary(opened.database, { secret: each })))
  expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
  const refusals = results.flatMap(result => (result.status === 'rejected' ? [result.reason as unknown] : []))
  expect(refusals).toEqual(Array(5).fill(failing('wrong_key')))
})

test('another secret is refused and changes no row', async () => {
  await checkCanary(opened.database, { secret })
  const before = await rows()
  await expect(checkCanary(opened.database, { secret: randomBytes(32) })).rejects.toThrow(failing('wrong_key'))
  expect(await rows()).toEqual(before)
})

test('a changed canary and a short secret are refused', async () => {
  await expect(checkCanary(opened.database, { secret: randomBytes(16) })).rejects.toThrow(failing('weak_secret'))
  expect(await rows()).toEqual([])
  await checkCanary(opened.database, { secret })
  await opened.database.system(({ db }) =>
    sql`update canary set sealed = set_byte(sealed, 15, 255 - get_byte(sealed, 15))`.execute(db),
  )
  await expect(checkCanary(opened.database, { secret })).rejects.toThrow(failing('tampered'))
})
