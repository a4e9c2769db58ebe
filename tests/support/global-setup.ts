import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { errno } from '../../src/backend/database/errno.js'
import { stopPostmaster } from '../../src/backend/database/local/postmaster.js'
import { startLocalPostgres } from '../../src/backend/database/local/start-local-postgres.js'
import { migrate } from '../../src/backend/database/migrate.js'

/** What every test file may `inject('database')`. */
export type TestDatabaseServer = {
  /** Superuser connection string of the run's own cluster. */
  adminUrl: string
  /** Name of the migrated, otherwise empty database that files clone. */
  template: string
}

declare module 'vitest' {
  interface ProvidedContext {
    database: TestDatabaseServer
    /** A folder for whatever files a test needs, open to every account, removed when the run is over; in memory where that can be. */
    scratch: string
  }
}

const PREFIX = 'whizlite-test-'
const TEMPLATE = 'whizlite_template'

/** Memory-backed where there is such a place: creating and dropping databases is then a matter of milliseconds. */
const storage = roomIn('/dev/shm') >= 1_000_000_000 ? '/dev/shm' : tmpdir()

/** Free bytes; a container's memory-backed place often has 64 MB, which a cluster alone fills. */
function roomIn(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return 0
  }
}

/** One PostgreSQL cluster and one migrated template database per run, removed when the run is over, however it ended. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandoned()
  const dataDir = mkdtempSync(path.join(storage, `${PREFIX}${process.pid}-`))
  const scratch = mkdtempSync(path.join(storage, `${PREFIX}${process.pid}-scratch-`))
  chmodSync(scratch, 0o755)
  const postgres = await startLocalPostgres({ dataDir, fast: true, settings: { max_connections: 200 } })
  const relieve = guard(postgres.pid, [dataDir, scratch])
  const teardown = async (): Promise<void> => {
    await postgres.stop()
    for (const folder of [dataDir, scratch]) rmSync(folder, { recursive: true, force: true })
    relieve()
  }
  try {
    await makeTemplate(postgres.url)
    project.provide('scratch', scratch)
    project.provide('database', { adminUrl: postgres.url, template: TEMPLATE })
    return teardown
  } catch (error) {
    await teardown()
    throw error
  }
}

async function makeTemplate(adminUrl: string): Promise<void> {
  const admin = new Client(adminUrl)
  await admin.connect()
  await admin.query(`create database ${TEMPLATE}`)
  await admin.end()
  const ownerUrl = new URL(adminUrl)
  ownerUrl.pathname = `/${TEMPLATE}`
  await migrate({ ownerUrl: ownerUrl.href })
}

/** Reads until this process ends, in whatever way, and clears up unless it was told that all is well. */
const GUARD = `
read -r told && exit
server=$1; shift
kill -QUIT "$server"
for _ in $(seq 100); do kill -0 "$server" || break; sleep 0.05; done
rm -rf -- "$@"`

/** A run that is interrupted or killed never gets to its teardown; this process outlives it for a moment and does it instead. */
function guard(server: number, folders: string[]): () => void {
  const stdio: ['pipe', 'ignore', 'ignore'] = ['pipe', 'ignore', 'ignore']
  const child = spawn('sh', ['-c', GUARD, 'guard', String(server), ...folders], { stdio, detached: true })
  child.unref()
  return () => void child.stdin.end('well\n')
}

/** What a run left behind when even its guard was killed, as when a machine is switched off. */
async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(storage)) {
    const owner = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : Number.NaN
    if (Number.isNaN(owner) || isAlive(owner)) continue
    const dataDir = path.join(storage, name)
    await stopPostmaster(path.join(dataDir, 'postgres', 'cluster'))
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errno(error) === 'EPERM'
  }
}
