import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { errno } from '../errno.js'
import { giveTo } from './account.js'
import type { DataFolder } from './data-folder.js'
import { LocalPostgresError } from './local-postgres-error.js'

/** The environment of every PostgreSQL program started here: nothing of ours leaks in, messages are in one language. */
export const POSTGRES_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Creates the cluster when there is none. It is made in a staging folder and moved into place as the last step, password included, so
 * a kill at any moment leaves either no cluster or a whole one. Call it under the folder's lock.
 *
 * @throws LocalPostgresError `data_dir_foreign`, `initdb_failed`
 */
export function createCluster(folder: DataFolder, binDir: string, fast: boolean): void {
  removeLeftovers(folder.root)
  if (existsSync(path.join(folder.cluster, 'PG_VERSION'))) return
  if (existsSync(folder.cluster) && readdirSync(folder.cluster).length > 0) {
    throw new LocalPostgresError(
      'data_dir_foreign',
      `${folder.cluster} holds files that are not a PostgreSQL cluster.`,
      'Move them away, or set DATA_DIR to another folder.',
    )
  }
  const staging = mkdtempSync(path.join(folder.root, 'staging-'))
  try {
    const cluster = path.join(staging, 'cluster')
    const password = path.join(staging, 'password')
    writeFileSync(password, randomBytes(24).toString('base64url'), { mode: 0o600 })
    giveTo(folder.account, staging)
    initialise(folder, binDir, ['-D', cluster, '--pwfile', password, ...(fast ? ['--no-sync'] : [])])
    renameSync(password, path.join(cluster, path.basename(folder.passwordFile)))
    rmSync(folder.cluster, { recursive: true, force: true })
    renameSync(cluster, folder.cluster)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

function initialise(folder: DataFolder, binDir: string, where: string[]): void {
  const fixed = ['-U', 'postgres', '-A', 'scram-sha-256', '-E', 'UTF8', '--no-locale', '--no-instructions']
  const result = spawnSync(path.join(binDir, 'initdb'), [...where, ...fixed], {
    ...folder.account,
    cwd: folder.root,
    env: POSTGRES_ENVIRONMENT,
    encoding: 'utf8',
  })
  if (result.status === 0) return
  const reason = result.error?.message ?? result.stderr.trim().split('\n').at(-1) ?? ''
  throw new LocalPostgresError(
    'initdb_failed',
    `The database could not be created in ${folder.root}: ${reason}.`,
    'Check free space and permissions, or set DATABASE_URL.',
  )
}

/** An initdb whose gateway was killed may still be writing; what cannot be removed now goes at the next start. */
function removeLeftovers(root: string): void {
  for (const name of readdirSync(root)) {
    if (!name.startsWith('staging-')) continue
    try {
      rmSync(path.join(root, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
    } catch (error) {
      if (errno(error) !== 'ENOTEMPTY') throw error
    }
  }
}
