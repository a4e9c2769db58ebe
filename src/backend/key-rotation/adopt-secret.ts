import { sql } from 'kysely'
import type { Database } from '../database/database.js'
import { checkCanary, sealedCanary } from '../vault/canary.js'
import { knownKeks, type Secrets } from '../vault/secrets.js'

/** A node runs that could not open what the new secret wraps. */
export class NodesWithoutSecretError extends Error {
  override readonly name = 'NodesWithoutSecretError'
  readonly code = 'nodes_without_secret'
  readonly action =
    'Restart every node with the new WHATSAPP_SESSION_SECRET and the former one as WHATSAPP_SESSION_SECRET_PREVIOUS, then run this again.'

  constructor(readonly nodes: readonly string[]) {
    const who = nodes.length === 1 ? '1 running node does' : `${nodes.length} running nodes do`
    super(`${who} not have the new session secret: ${nodes.slice(0, 5).join(', ')}. Nothing was changed.`)
  }
}

/**
 * From here on new data keys are wrapped with the new secret. Keys that are being made with the former one are waited for; every node that
 * runs has both, and one that starts meanwhile looks again once it can be seen (`confirmSecrets`).
 * @returns whether it was the former one until now
 * @throws NodesWithoutSecretError; VaultError `wrong_key` when neither secret is the database's
 */
export async function adoptSecret(database: Database, secrets: Secrets): Promise<boolean> {
  const { own } = knownKeks(secrets)
  await checkCanary(database, secrets)
  return database.system(async ({ db }) => {
    const { numAffectedRows } = await sql`
      update canary set sealed = ${sealedCanary(own)}, first_kek_id = coalesce(first_kek_id, kek_id), kek_id = ${own.id}
      where kek_id <> ${own.id}`.execute(db)
    if (numAffectedRows === 0n) return false
    const { rows } = await sql<{ node: string }>`
      select coalesce(name, id::text) as node from nodes
      where lease_until > clock_timestamp() and replaced_at is null and not coalesce(kek_ids @> array[${own.id}], false)
      order by 1`.execute(db)
    if (rows.length > 0) throw new NodesWithoutSecretError(rows.map(({ node }) => node))
    return true
  })
}
