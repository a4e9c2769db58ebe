import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Rows } from '../../../tests/support/rows.js'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { createConnectBudget } from './connect-budget.js'

let clone: TestDatabase
let rows: Rows

beforeAll(async () => {
  clone = await openTestDatabase()
  rows = new Rows(clone.ownerUrl)
})

afterEach(() => rows.query('delete from connect_budget'))

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await clone[Symbol.asyncDispose]()
})

describe('the budget of all nodes', () => {
  test('hands out slots that follow each other, a second’s worth of them at once', async () => {
    const budget = createConnectBudget(clone.database, { egress: 'here', version: '1' }, 10)
    const begin = performance.now()
    const answers = [await budget.pay(10), await budget.pay(5), await budget.pay(5)]
    const slots = answers.flatMap(answer => ('slots' in answer ? answer.slots : []))
    expect(slots).toHaveLength(20)
    expect(slots.slice(0, 10).every(ms => ms <= 0)).toBe(true)
    // the clock goes on between payments, and nobody gets the time of another
    const passedMs = performance.now() - begin
    for (let nth = 11; nth < 20; nth++) expect(slots[nth]).toBeGreaterThan((nth - 10) * 100 - passedMs)
    const [row] = await rows.query<{ ahead: number }>(
      'select extract(epoch from paid_until - clock_timestamp())::float as ahead from connect_budget',
    )
    expect(row?.ahead).toBeLessThanOrEqual(1)
  })

  test('what happened unasked is owed, but nobody waits longer than two seconds for it', async () => {
    const budget = createConnectBudget(clone.database, { egress: 'here', version: '1' }, 10)
    await budget.pay(1)
    const begin = performance.now()
    await budget.owe(1_000)
    const answer = await budget.pay(1)
    const [first] = 'slots' in answer ? answer.slots : []
    expect(first).toBeGreaterThan(1_900 - (performance.now() - begin))
    expect(first).toBeLessThanOrEqual(2_000)
  })

  test('addresses do not know each other', async () => {
    const pay = (egress: string) => createConnectBudget(clone.database, { egress, version: '1' }, 10).pay(10)
    await pay('here')
    await pay('here')
    const answer = await pay('there')
    expect('slots' in answer && answer.slots.every(ms => ms <= 0)).toBe(true)
  })
})
