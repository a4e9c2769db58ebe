import { createHash } from 'node:crypto'
import { DatabaseText } from './database-text.js'

/** What nodes write by themselves, however quiet it is. */
export const restless = /\.(nodes|node_leases|session_leases|jobs|breakers|connect_budget|migrations|meta)$/

/** How many rows each table has, and a digest of them. */
export async function storedRows(ownerUrl: string): Promise<Record<string, string>> {
  await using database = await DatabaseText.open(ownerUrl)
  const all = await database.dump()
  const told = all
    .filter(({ table }) => !restless.test(table))
    .map(({ table, text }) => {
      const lines = text === '' ? [] : text.split('\n').toSorted()
      const digest = createHash('sha256').update(lines.join('\n')).digest('hex')
      return [table, `${lines.length} ${digest.slice(0, 16)}`] as const
    })
  return Object.fromEntries(told)
}
