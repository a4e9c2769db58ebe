import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { keksOfLastingKeys } from './lasting-key.js'
import { knownKeks, type Secrets } from './secrets.js'

/** How many data keys one secret wraps, in how many workspaces. */
export type KeysOfKek = { kekId: string; workspaces: number; keys: number }

/** A secret was taken away that data keys still need. */
export class SecretStillNeededError extends Error {
  override readonly name = 'SecretStillNeededError'
  readonly code = 'secret_still_needed'
  readonly action =
    'Set WHATSAPP_SESSION_SECRET_PREVIOUS to it, start, run npx whizlite keys rotate until nothing is left, then take it out.'

  constructor(left: readonly KeysOfKek[]) {
    super(`Only a former session secret opens ${opened(left)}. Nothing was changed.`)
  }
}

function opened(left: readonly KeysOfKek[]): string {
  if (left.length === 0) return 'the key by which erased contacts are known again'
  const keys = left.reduce((total, each) => total + each.keys, 0)
  const workspaces = Math.max(...left.map(each => each.workspaces))
  return `${keys} stored data ${keys === 1 ? 'key' : 'keys'} of at least ${workspaces} ${workspaces === 1 ? 'workspace' : 'workspaces'}`
}

/** Which secrets wrap data keys, over all workspaces. */
export function keysByKek(database: Pick<Database, 'system'>): Promise<KeysOfKek[]> {
  return database.system(async ({ db }) => {
    const { rows } = await sql<{ kek: string; workspaces: string; keys: string }>`
      select kek, workspaces, keys from data_keys_by_kek()`.execute(db)
    return rows.map(({ kek, workspaces, keys }) => ({
      kekId: kek,
      workspaces: Number(workspaces),
      keys: Number(keys),
    }))
  })
}

/**
 * That nothing stored needs a secret that is not given.
 * @throws SecretStillNeededError
 */
export async function refuseToDropSecret(database: Pick<Database, 'system'>, secrets: Secrets): Promise<void> {
  const known = knownKeks(secrets).ids
  const left = (await keysByKek(database)).filter(({ kekId }) => !known.includes(kekId))
  const isLasting = (await keksOfLastingKeys(database)).some(kekId => !known.includes(kekId))
  if (left.length > 0 || isLasting) throw new SecretStillNeededError(left)
}
