import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MigrationError } from './migration-error.js'

/** One numbered step of the schema, as this code knows it. `checksum` is the SHA-256 of its text, line ends normalised. */
export type Migration = { number: number; name: string; sql: string; checksum: string }

/** The steps that came with this build. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url))

const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/

/**
 * Reads the steps in order.
 *
 * @throws MigrationError `migration_files_invalid` when a name is malformed, or a number is missing or used twice
 */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).toSorted()
  return await Promise.all(
    names.map(async (name, index) => {
      const number = Number(FILE_NAME.exec(name)?.[1])
      if (number !== index + 1) {
        throw new MigrationError(
          'migration_files_invalid',
          `Expected a migration named ${String(index + 1).padStart(4, '0')}-….sql and found ${name}.`,
        )
      }
      const sql = (await readFile(path.join(folder, name), 'utf8')).replaceAll('\r\n', '\n')
      return { number, name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}
