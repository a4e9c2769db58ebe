import { expect, test } from 'vitest'
import { DatabaseRefusedError, DatabaseUnavailableError } from './database-errors.js'
import { untilStored } from './until-stored.js'

const refused = (sqlState: string) => new DatabaseRefusedError(sqlState, undefined, undefined, '')

/** Fails with these, one after the other, then works. */
const failing = (...errors: Error[]) => {
  let tries = 0
  return {
    tries: () => tries,
    work: async () => {
      const error = errors[tries++]
      if (error !== undefined) throw error
      return 'stored'
    },
  }
}

test('what a missing database or somebody in the way kept from being stored is stored later', async () => {
  const { work, tries } = failing(new DatabaseUnavailableError('57P01'), refused('40P01'))
  expect(await untilStored(work)).toBe('stored')
  expect(tries()).toBe(3)
})

test('what no repetition helps is told at once', async () => {
  const { work, tries } = failing(refused('23514'))
  await expect(untilStored(work)).rejects.toMatchObject({ code: 'database_refused' })
  expect(tries()).toBe(1)
})
