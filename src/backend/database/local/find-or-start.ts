import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import type { DataFolder } from './data-folder.js'
import { LocalPostgresError } from './local-postgres-error.js'
import { keepPort } from './postgres-port.js'
import { awaitPostmaster, stopPostmaster } from './postmaster.js'
import { findPostmaster, type Postmaster } from './postmaster-file.js'

export type OwnServer = {
  postmaster: Postmaster
  /** Superuser connection string. Holds the password: never log it. */
  url: string
  /** It was running already. */
  adopted: boolean
}

/**
 * The server of this folder: the one that runs, else one that `start` starts, and in either case one that takes our password. Call it
 * under the folder's lock.
 *
 * @throws LocalPostgresError `data_dir_in_use`, `start_failed`, and whatever `start` throws
 */
export async function findOrStart(folder: DataFolder, start: () => Promise<Postmaster>): Promise<OwnServer> {
  const running = findPostmaster(folder.cluster)
  const postmaster = running ? await awaitPostmaster(folder, running.pid) : await start()
  const url = urlOf(folder, postmaster.port)
  try {
    await checkLogin(url, folder)
  } catch (error) {
    if (running === null) await stopPostmaster(folder.cluster)
    throw error
  }
  keepPort(folder, postmaster.port)
  return { postmaster, url, adopted: running !== null }
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
  // a server that dies meanwhile is told of by the query
  client.on('error', () => {})
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
