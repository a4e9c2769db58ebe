import { readFileSync, rmSync } from 'node:fs'
import { Client } from 'pg'
import { chooseBinaries } from './choose-binaries.js'
import { createCluster } from './create-cluster.js'
import { type DataFolder, prepareDataFolder } from './data-folder.js'
import { withFolderLock } from './folder-lock.js'
import { LocalPostgresError } from './local-postgres-error.js'
import { awaitPostmaster, type PostmasterOptions, startPostmaster, stopPostmaster } from './postmaster.js'
import { findPostmaster, type Postmaster } from './postmaster-file.js'
import { countSignedIn, signIn } from './process-notes.js'

export type LocalPostgresOptions = {
  /** The gateway's data folder; the database lives in its sub-folder `postgres`. */
  dataDir: string
  /** No durability at all: for tests. */
  fast?: boolean
  /** Server settings, as in postgresql.conf. Those that keep contents out of the log cannot be changed. */
  settings?: Readonly<Record<string, string | number>>
  /** Folder with `postgres` and `initdb` to use instead of the installed ones. */
  binDir?: string
}

export type LocalPostgres = AsyncDisposable & {
  /** Superuser connection string. Holds the password: never log it. */
  url: string
  pid: number
  /** True when the server was already running, left by a killed gateway or shared with a living one. */
  adopted: boolean
  /** Leaves the database; the last gateway to leave stops it. Twice is harmless. */
  stop(): Promise<void>
}

/**
 * Starts, or adopts, the PostgreSQL of a data folder. Any number of processes may do so at once: one creates the cluster and starts
 * the server, the others adopt it. It listens on 127.0.0.1 only.
 *
 * @throws LocalPostgresError
 */
export async function startLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  if (process.platform === 'win32') {
    throw new LocalPostgresError(
      'unsupported_platform',
      'There is no local PostgreSQL on Windows.',
      'Set DATABASE_URL.',
    )
  }
  const folder = prepareDataFolder(options.dataDir)
  return await withFolderLock(folder.root, async () => {
    const running = findPostmaster(folder.cluster)
    const postmaster = running ? await awaitPostmaster(folder, running.pid) : await start(folder, options)
    const url = urlOf(folder, postmaster.port)
    try {
      await checkLogin(url, folder)
    } catch (error) {
      if (running === null) await stopPostmaster(folder.cluster)
      throw error
    }
    const stop = leaver(folder, signIn(folder.users))
    return { url, pid: postmaster.pid, adopted: running !== null, stop, [Symbol.asyncDispose]: stop }
  })
}

async function start(folder: DataFolder, options: LocalPostgresOptions): Promise<Postmaster> {
  const postmasterOptions: PostmasterOptions = { fast: options.fast ?? false, settings: options.settings ?? {} }
  const binDir = chooseBinaries(folder, options.binDir)
  createCluster(folder, binDir, postmasterOptions.fast)
  return await startPostmaster(folder, binDir, postmasterOptions)
}

function leaver(folder: DataFolder, note: string): () => Promise<void> {
  let leaving: Promise<void> | null = null
  const leave = async (): Promise<void> => {
    rmSync(note, { force: true })
    if (countSignedIn(folder.users) === 0) await stopPostmaster(folder.cluster)
  }
  return () => (leaving ??= withFolderLock(folder.root, leave))
}

function urlOf(folder: DataFolder, port: number): string {
  try {
    return `postgres://postgres:${readFileSync(folder.passwordFile, 'utf8')}@127.0.0.1:${port}/postgres`
  } catch {
    throw notOurs(folder)
  }
}

/** A server of somebody else on this cluster, or another program on the port it once had, is told apart by our password. */
async function checkLogin(url: string, folder: DataFolder): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 30_000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ folder: string }>(`select current_setting('data_directory') as folder`)
    if (rows[0]?.folder !== folder.cluster) throw notOurs(folder)
  } catch (error) {
    throw error instanceof LocalPostgresError ? error : notOurs(folder)
  } finally {
    await client.end().catch(() => {})
  }
}

function notOurs(folder: DataFolder): LocalPostgresError {
  return new LocalPostgresError(
    'data_dir_in_use',
    `A PostgreSQL this gateway did not start is running on ${folder.cluster}.`,
    'Stop it, set DATA_DIR to another folder, or set DATABASE_URL.',
  )
}
