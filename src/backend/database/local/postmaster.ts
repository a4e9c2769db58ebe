import { spawn } from 'node:child_process'
import { closeSync, fchownSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { POSTGRES_ENVIRONMENT } from './create-cluster.js'
import type { DataFolder } from './data-folder.js'
import { LocalPostgresError } from './local-postgres-error.js'
import { freePort, isPortFree, keptPort } from './postgres-port.js'
import { findPostmaster, freeReusedNumber, type Postmaster } from './postmaster-file.js'
import { inspectProcess } from './process-info.js'

const POLL_MS = 10
/** Crash recovery replays the log first and may take a while on a slow disk. */
const READY_DEADLINE_MS = 180_000
const STOP_DEADLINE_MS = 30_000
const PORT_ATTEMPTS = 5
const LOG_LIMIT_BYTES = 10 * 1024 * 1024

/** Fixed: statements, parameters and row contents must never reach the server's log, whatever goes wrong. */
const SILENT_LOG = {
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: '-1',
}

/** Nothing survives a crash, and nothing stays behind outside the data folder; for tests only. */
const FAST = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  dynamic_shared_memory_type: 'mmap',
}

export type PostmasterOptions = { fast: boolean; settings: Readonly<Record<string, string | number>> }

/**
 * Starts the server of a cluster at the port it had the last time if that is free, else at another one.
 *
 * @throws LocalPostgresError `start_failed`
 */
export async function startPostmaster(
  folder: DataFolder,
  binDir: string,
  options: PostmasterOptions,
): Promise<Postmaster> {
  let port = keptPort(folder) ?? (await freePort())
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startPostmasterAt(port, folder, binDir, options)
    } catch (error) {
      if (!(error instanceof LocalPostgresError && error.code === 'port_taken')) throw error
      if (attempt === PORT_ATTEMPTS) throw startFailed(folder)
      port = await freePort()
    }
  }
}

/**
 * Starts the server of a cluster at this loopback port and waits until it accepts connections. It is the head of its own process
 * group: a Ctrl-C meant for the gateway must not end the database before the gateway has finished with it.
 *
 * @throws LocalPostgresError `port_taken`, `start_failed`
 */
export async function startPostmasterAt(
  port: number,
  folder: DataFolder,
  binDir: string,
  options: PostmasterOptions,
): Promise<Postmaster> {
  freeReusedNumber(folder.cluster)
  if (!(await isPortFree(port))) throw portTaken(port)
  const { pid, said } = spawnServer(folder, binDir, port, options)
  const started = await waitUntilReady(folder, pid)
  if (started) return started
  throw /could not (bind|create any TCP)/.test(said()) ? portTaken(port) : startFailed(folder)
}

/** Waits for a server somebody else started on this cluster. */
export async function awaitPostmaster(folder: DataFolder, pid: number): Promise<Postmaster> {
  const ready = await waitUntilReady(folder, pid)
  if (ready) return ready
  throw startFailed(folder)
}

type Spawned = {
  pid: number
  /** What it has written into the log. */
  said(): string
}

function spawnServer(folder: DataFolder, binDir: string, port: number, options: PostmasterOptions): Spawned {
  const settings: Record<string, string | number> = {
    max_connections: 100,
    ...(options.fast ? FAST : {}),
    ...options.settings,
    ...SILENT_LOG,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
  }
  const log = openLog(folder)
  const before = fstatSync(log).size
  const server = spawn(
    path.join(binDir, 'postgres'),
    ['-D', folder.cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...folder.account, cwd: folder.root, env: POSTGRES_ENVIRONMENT, stdio: ['ignore', log, log], detached: true },
  )
  server.on('error', () => {})
  server.unref()
  closeSync(log)
  return { pid: server.pid ?? 0, said: () => logSince(folder.logFile, before) }
}

function openLog({ logFile, account }: DataFolder): number {
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`)
  const log = openSync(logFile, 'a', 0o600)
  if (account.uid !== undefined) fchownSync(log, account.uid, account.gid)
  return log
}

async function waitUntilReady(folder: DataFolder, pid: number): Promise<Postmaster | null> {
  const deadline = performance.now() + READY_DEADLINE_MS
  while (performance.now() < deadline) {
    const found = findPostmaster(folder.cluster)
    if (found?.pid === pid && found.ready) return found
    if (inspectProcess(pid) === null) return null
    await delay(POLL_MS)
  }
  throw startFailed(folder)
}

/**
 * Ends the server: open transactions are rolled back, everything committed is on disk when this resolves. A server that does not end
 * in half a minute is told to end at once; the next start then replays its log.
 *
 * @throws LocalPostgresError `stop_failed`
 */
export async function stopPostmaster(cluster: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const running = findPostmaster(cluster)
    if (running === null) return
    process.kill(running.pid, signal)
    const deadline = performance.now() + STOP_DEADLINE_MS
    while (inspectProcess(running.pid) !== null && performance.now() < deadline) await delay(POLL_MS)
    if (inspectProcess(running.pid) === null) return
  }
  throw new LocalPostgresError('stop_failed', `The PostgreSQL of ${cluster} does not stop.`, 'End it by hand.')
}

function logSince(logFile: string, offset: number): string {
  try {
    return readFileSync(logFile).subarray(offset).toString('utf8')
  } catch {
    return ''
  }
}

function portTaken(port: number): LocalPostgresError {
  return new LocalPostgresError(
    'port_taken',
    `The port of the local PostgreSQL, ${port}, is taken by another program.`,
    'Restart every gateway of this data folder, which makes them take another port, or end that program.',
  )
}

function startFailed(folder: DataFolder): LocalPostgresError {
  return new LocalPostgresError(
    'start_failed',
    'The local PostgreSQL did not start.',
    `Its own words are at the end of ${folder.logFile}; or set DATABASE_URL.`,
  )
}
