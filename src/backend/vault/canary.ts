import { sql, type QueryExecutorProvider } from 'kysely'
import type { Database } from '../database/database.js'
import { closeBox, lengthPrefixed, openBox } from './authenticated-box.js'
import type { KeyEncryptionKey } from './key-encryption-key.js'
import { knownKeks, type Secrets } from './secrets.js'
import { VaultError } from './vault-error.js'

const SONG = Buffer.from('This database was sealed with this secret.', 'utf8')

type CanaryRow = { sealed: Buffer; kekId: string; firstKekId: string | null }

/** Which secret wraps new data keys, and which one the database was first sealed with: fingerprints. */
export type CanaryState = { kekId: string; firstKekId: string }

/**
 * Proves that this database was sealed with one of `secrets`, before a start writes anything: opens the one canary row, or leaves one on the
 * very first start. Of several first starts at once one leaves the row and all open it. Waits for whoever is replacing the secret.
 *
 * @throws VaultError `wrong_key` for other secrets, `tampered` for a changed row, `weak_secret`. No row is changed.
 */
export async function checkCanary(database: Pick<Database, 'system'>, secrets: Secrets): Promise<CanaryState> {
  const keks = knownKeks(secrets)
  const row = await database.system(async ({ db }) => (await find(db)) ?? (await leave(db, keks.own)))
  const kek = keks.of(row.kekId)
  if (!openBox(keyOf(kek), associated(kek), row.sealed).equals(SONG)) throw new VaultError('tampered')
  return { kekId: row.kekId, firstKekId: row.firstKekId ?? row.kekId }
}

/** A row for this secret. */
export function sealedCanary(kek: KeyEncryptionKey): Buffer {
  return closeBox(keyOf(kek), associated(kek), SONG)
}

async function leave(db: QueryExecutorProvider, kek: KeyEncryptionKey): Promise<CanaryRow> {
  await sql`
    insert into canary (sealed, kek_id) values (${sealedCanary(kek)}, ${kek.id}) on conflict do nothing`.execute(db)
  const row = await find(db)
  if (!row) throw new VaultError('data_key_missing')
  return row
}

/** Also of a schema that does not have the newest column yet. */
async function find(db: QueryExecutorProvider): Promise<CanaryRow | undefined> {
  const { rows } = await sql<CanaryRow>`
    select sealed, kek_id as "kekId", to_jsonb(canary) ->> 'first_kek_id' as "firstKekId"
    from canary for share`.execute(db)
  return rows[0]
}

function keyOf(kek: KeyEncryptionKey): ReturnType<KeyEncryptionKey['derive']> {
  return kek.derive('canary/1')
}

function associated(kek: KeyEncryptionKey): Buffer {
  return lengthPrefixed(['whizlite/canary', kek.id])
}
