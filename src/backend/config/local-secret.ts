import { randomBytes } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Files of the data folder that hold what a local installation made for itself; programs of the same account read them. */
export const localSecretNames = ['session-secret', 'service-token', 'jwt-secret'] as const
export type LocalSecretName = (typeof localSecretNames)[number]

/**
 * A secret of a local installation: 32 random bytes in hex, made on the first start, kept in the data folder for its owner alone.
 * Two first starts at once end with one secret: the second finds the link taken and reads what is there.
 */
export function localSecret(dataDir: string, name: LocalSecretName): string {
  const path = join(dataDir, name)
  const existing = readIfThere(path)
  if (existing !== null) return existing
  // the folder is private, what lies above it need not be: PostgreSQL's own account passes through
  mkdirSync(dirname(dataDir), { recursive: true })
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, randomBytes(32).toString('hex'), { mode: 0o600, flush: true })
  try {
    linkSync(draft, path)
    chmodSync(path, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return readFileSync(path, 'utf8')
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
