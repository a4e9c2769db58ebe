import { createSecretKey, type KeyObject } from 'node:crypto'
import { sql, type QueryExecutorProvider } from 'kysely'
import { z } from 'zod'
import type { Database } from '../database/database.js'
import { closeBox, lengthPrefixed, openBox } from './authenticated-box.js'
import { checkCanary } from './canary.js'
import type { KeyEncryptionKey } from './key-encryption-key.js'
import { knownKeks, type Secrets } from './secrets.js'

/** `kekId`: fingerprint of the secret that the key came from, whichever it is wrapped with by now. */
export type LastingKey = { key: KeyObject; kekId: string }

const Stored = z.strictObject({ from: z.string(), kekId: z.string(), wrapped: z.base64() })
type Stored = z.infer<typeof Stored>

const prefix = 'lasting_key '

/**
 * A key for hashes of which nobody knows any more what they are of, so that nobody could make them anew after a replacement of the session secret.
 * It begins as the key that the secret of the day gives for this purpose, and stays that, wrapped with whichever secret wraps the data keys.
 * @param label as of `purposeKey`
 * @throws VaultError `wrong_key` when it is wrapped with a secret that is not given, `tampered`
 */
export async function lastingKey(
  database: Pick<Database, 'system'>,
  secrets: Secrets,
  label: string,
): Promise<LastingKey> {
  const keks = knownKeks(secrets)
  // of a database that has none yet everything was made with the secret that wraps its data keys
  const kek = keks.of((await checkCanary(database, secrets)).kekId)
  const stored = await database.system(async ({ db }) => {
    const made: Stored = { from: kek.id, kekId: kek.id, wrapped: wrap(kek, label, kek.derive(label)) }
    await sql`
      insert into meta (key, value) values (${prefix + label}, ${JSON.stringify(made)}) on conflict do nothing`.execute(
      db,
    )
    return (await storedKeys(db)).get(label) ?? made
  })
  return { key: unwrap(keks.of(stored.kekId), label, stored.wrapped), kekId: stored.from }
}

/**
 * Wraps these keys with the present secret, beside the nodes that run.
 * @throws as `lastingKey`
 */
export async function rewrapLastingKeys(database: Pick<Database, 'system'>, secrets: Secrets): Promise<void> {
  const keks = knownKeks(secrets)
  await database.system(async ({ db }) => {
    for (const [label, stored] of await storedKeys(db)) {
      if (stored.kekId === keks.own.id) continue
      const key = unwrap(keks.of(stored.kekId), label, stored.wrapped)
      const renewed: Stored = { ...stored, kekId: keks.own.id, wrapped: wrap(keks.own, label, key) }
      await sql`update meta set value = ${JSON.stringify(renewed)} where key = ${prefix + label}`.execute(db)
    }
  })
}

/** With which secrets they are wrapped. */
export function keksOfLastingKeys(database: Pick<Database, 'system'>): Promise<string[]> {
  return database.system(async ({ db }) => [...(await storedKeys(db)).values()].map(({ kekId }) => kekId))
}

async function storedKeys(db: QueryExecutorProvider): Promise<Map<string, Stored>> {
  const { rows } = await sql<{ label: string; value: string }>`
    select substr(key, ${prefix.length + 1}) as label, value from meta where starts_with(key, ${prefix})`.execute(db)
  return new Map(rows.map(({ label, value }) => [label, Stored.parse(JSON.parse(value))]))
}

const wrappingKey = (kek: KeyEncryptionKey): KeyObject => kek.derive('lasting-key/1')

const associated = (kek: KeyEncryptionKey, label: string): Buffer =>
  lengthPrefixed(['whizlite/lasting-key', kek.id, label])

function wrap(kek: KeyEncryptionKey, label: string, key: KeyObject): string {
  return closeBox(wrappingKey(kek), associated(kek, label), key.export()).toString('base64')
}

function unwrap(kek: KeyEncryptionKey, label: string, wrapped: string): KeyObject {
  return createSecretKey(openBox(wrappingKey(kek), associated(kek, label), Buffer.from(wrapped, 'base64')))
}
