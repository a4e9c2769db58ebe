import { sql, type QueryExecutorProvider } from 'kysely'
import type { Database } from '../database/database.js'
import { closeBox, lengthPrefixed, openBox } from './authenticated-box.js'
import { keyEncryptionKey, type KeyEncryptionKey } from './key-encryption-key.js'
import { VaultError } from './vault-error.js'

const SONG = Buffer.from('This database was sealed with this secret.', 'utf8')

type CanaryRow = { sealed: Buffer; kekId: string }

/**
 * Proves that `secret` is the one this database was sealed with, before a start writes anything: opens the one canary
 * row, or leaves one on the very first start. Of several first starts at once one leaves the row and all open it.
 *
 * @throws VaultError `wrong_key` for another secret, `tampered` for a changed row, `weak_secret`. No row is changed.
 */
export async function checkCanary(database: Pick<Database, 'system'>, secret: Uint8Array): Promise<void> {
  const kek = keyEncryptionKey(secret)
  const row = await database.system(async ({ db }) => (await find(db)) ?? (await leave(db, kek)))
  if (row.kekId !== kek.id) throw new VaultError('wrong_key')
  if (!openBox(keyOf(kek), associated(kek), row.sealed).equals(SONG)) throw new VaultError('tampered')
}

async function leave(db: QueryExecutorProvider, kek: KeyEncryptionKey): Promise<CanaryRow> {
  const sealed = closeBox(keyOf(kek), associated(kek), SONG)
  await sql`insert into canary (sealed, kek_id) values (${sealed}, ${kek.id}) on conflict do nothing`.execute(db)
  const row = await find(db)
  if (!row) throw new VaultError('data_key_missing')
  return row
}

async function find(db: QueryExecutorProvider): Promise<CanaryRow | undefined> {
  const { rows } = await sql<CanaryRow>`select sealed, kek_id as "kekId" from canary`.execute(db)
  return rows[0]
}

function keyOf(kek: KeyEncryptionKey): ReturnType<KeyEncryptionKey['derive']> {
  return kek.derive('canary/1')
}

function associated(kek: KeyEncryptionKey): Buffer {
  return lengthPrefixed(['whizlite/canary', kek.id])
}
