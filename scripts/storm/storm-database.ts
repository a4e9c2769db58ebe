import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { POSTGRES_ENVIRONMENT } from '../../src/backend/database/local/create-cluster.js'
import { findPostmaster } from '../../src/backend/database/local/postmaster-file.js'
import { stopPostmaster } from '../../src/backend/database/local/postmaster.js'
import { startLocalPostgres, type LocalPostgres } from '../../src/backend/database/local/start-local-postgres.js'
import { migrate } from '../../src/backend/database/migrate.js'

const startLimitMs = 60_000

/** A PostgreSQL of its own, which can be made to stand still, and stopped and started again. */
export class StormDatabase implements AsyncDisposable {
  #stopped: number[] = []

  private constructor(
    readonly ownerUrl: string,
    private readonly postgres: LocalPostgres,
    private readonly folder: string,
  ) {}

  static async start(dataDir: string): Promise<StormDatabase> {
    const postgres = await startLocalPostgres({ dataDir, fast: true, settings: { max_connections: 200 } })
    try {
      const admin = new Client(postgres.url)
      await admin.connect()
      await admin.query('create database storm')
      await admin.end()
      const url = new URL(postgres.url)
      url.pathname = '/storm'
      await migrate({ ownerUrl: url.href })
      url.searchParams.set('options', '-c search_path=whizlite')
      return new StormDatabase(url.href, postgres, await folderOf(postgres))
    } catch (error) {
      await postgres.stop()
      throw error
    }
  }

  /** Every process of it stops where it is, as on a host that is paused. */
  pause(): void {
    const processes = execFileSync('ps', ['-Ao', 'pid=,ppid='], { encoding: 'utf8' })
    const pid = findPostmaster(this.folder)?.pid ?? 0
    const children = processes.split('\n').flatMap(line => {
      const [child = '', parent] = line.trim().split(/\s+/u)
      return Number(parent) === pid ? [Number(child)] : []
    })
    // the postmaster first, so that it starts no others
    this.#stopped = [pid, ...children]
    for (const each of this.#stopped) signal(each, 'SIGSTOP')
  }

  resume(): void {
    for (const each of this.#stopped.splice(0).toReversed()) signal(each, 'SIGCONT')
  }

  /** Ends it in good order, as for an upgrade; whoever is connected is thrown out. */
  async stop(): Promise<void> {
    await stopPostmaster(this.folder)
  }

  /** Starts what was stopped at the address it had, as its own note of how it was started says. */
  async startAgain(): Promise<void> {
    const { uid, gid } = statSync(this.folder)
    const account = uid === process.getuid?.() ? {} : { uid, gid }
    const command = readFileSync(path.join(this.folder, 'postmaster.opts'), 'utf8').trim()
    const options = {
      ...account,
      cwd: this.folder,
      env: POSTGRES_ENVIRONMENT,
      detached: true,
      stdio: 'ignore',
    } as const
    spawn('sh', ['-c', `exec ${command}`], options).unref()
    const deadline = performance.now() + startLimitMs
    while (findPostmaster(this.folder)?.ready !== true) {
      if (performance.now() > deadline) throw new Error('the database that was stopped does not start again')
      await delay(50)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume()
    await this.postgres.stop()
  }
}

async function folderOf({ url }: LocalPostgres): Promise<string> {
  const client = new Client(url)
  await client.connect()
  const { rows } = await client.query<{ folder: string }>(`select current_setting('data_directory') as folder`)
  await client.end()
  return rows[0]?.folder ?? ''
}

/** One that has ended meanwhile needs nothing. */
function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name)
  } catch {
    // it is gone
  }
}
