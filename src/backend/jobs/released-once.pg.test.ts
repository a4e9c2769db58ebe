import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { createPool } from '../database/pool.js'
import { releasedOnce } from './released-once.js'

let database: TestDatabase

beforeAll(async () => {
  database = await openTestDatabase()
})

afterAll(() => database[Symbol.asyncDispose]())

test('a connection that is given back twice goes back once, and serves the next who asks', async () => {
  const pool = releasedOnce(createPool({ url: database.appUrl, max: 1 }))
  const borrow = () =>
    new Promise<(broken?: Error) => void>((taken, failed) =>
      pool.connect((error, _client, release) => (error === undefined ? taken(release) : failed(error))),
    )
  const release = await borrow()
  release()
  release()
  expect([pool.totalCount, pool.idleCount]).toEqual([1, 1])
  const again = await borrow()
  // the first borrower has nothing to say of it any more
  release(new Error('broken'))
  expect([pool.totalCount, pool.idleCount]).toEqual([1, 0])
  again(new Error('broken'))
  expect(pool.totalCount).toBe(0)
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  const client = await pool.connect()
  client.release()
  await pool.end()
})
