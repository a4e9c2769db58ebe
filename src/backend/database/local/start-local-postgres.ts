import { rmSync } from 'node:fs'
import { chooseBinaries } from './choose-binaries.js'
import { createCluster } from './create-cluster.js'
import { type DataFolder, prepareDataFolder } from './data-folder.js'
import { findOrStart, type OwnServer } from './find-or-start.js'
import { withFolderLock } from './folder-lock.js'
import { LocalPostgresError } from './local-postgres-error.js'
import { type PostmasterOptions, startPostmaster, startPostmasterAt, stopPostmaster } from './postmaster.js'
import type { Postmaster } from './postmaster-file.js'
import { isStillAlive } from './process-info.js'
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
  /** Whether the server that was found or started last still lives. Looks at the process, not at what it answers. */
  isAlive(): boolean
  /**
   * Starts a server that has died, or finds the one somebody else has started meanwhile: `url` holds afterwards. Makes no cluster.
   *
   * @returns its process number, or null once this process leaves the database
   * @throws LocalPostgresError `port_taken`, `port_changed`, `start_failed`, `data_dir_in_use`, as well as those of binaries
   */
  startAgain(): Promise<number | null>
  /** Leaves the database; the last gateway to leave stops it. Twice is harmless. */
  stop(): Promise<void>
}

/**
 * Starts, or adopts, the PostgreSQL of a data folder. Any number of processes may do so at once: one creates the cluster and starts
 * the server, the others adopt it. It listens on 127.0.0.1 only, at the port it had the last time while that is free.
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
    const first = await findOrStart(folder, () => {
      const binDir = chooseBinaries(folder, options.binDir)
      createCluster(folder, binDir, options.fast ?? false)
      return startPostmaster(folder, binDir, serverOptions(options))
    })
    return signedIn(folder, options, first)
  })
}

function signedIn(folder: DataFolder, options: LocalPostgresOptions, first: OwnServer): LocalPostgres {
  const note = signIn(folder.users)
  const { url, adopted } = first
  let { postmaster } = first
  let leaving: Promise<void> | null = null

  const leave = async (): Promise<void> => {
    rmSync(note, { force: true })
    if (countSignedIn(folder.users) === 0) await stopPostmaster(folder.cluster)
  }
  const again = async (): Promise<number | null> => {
    // the last one to leave has stopped it, or is about to
    if (leaving !== null) return null
    const { port } = first.postmaster
    const found = await findOrStart(folder, () =>
      startPostmasterAt(port, folder, chooseBinaries(folder, options.binDir), serverOptions(options)),
    )
    if (found.postmaster.port !== port) throw portChanged(port, found.postmaster)
    ;({ postmaster } = found)
    return postmaster.pid
  }
  const stop = (): Promise<void> => (leaving ??= withFolderLock(folder.root, leave))
  return {
    url,
    pid: postmaster.pid,
    adopted,
    isAlive: () => isStillAlive(postmaster),
    startAgain: () => withFolderLock(folder.root, again),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function serverOptions({ fast = false, settings = {} }: LocalPostgresOptions): PostmasterOptions {
  return { fast, settings }
}

function portChanged(port: number, now: Postmaster): LocalPostgresError {
  return new LocalPostgresError(
    'port_changed',
    `The local PostgreSQL was started again at port ${now.port}; this gateway knows it at ${port}.`,
    'Restart this gateway.',
  )
}
