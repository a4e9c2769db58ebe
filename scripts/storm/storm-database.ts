import { execFileSync } from 'node:child_process'
import { Client } from 'pg'
import { startLocalPostgres, type LocalPostgres } from '../../src/backend/database/local/start-local-postgres.js'
import { migrate } from '../../src/backend/database/migrate.js'

/** A PostgreSQL of the storm's own, which can be made to stand still. */
export class StormDatabase implements AsyncDisposable {
  #stopped: number[] = []

  private constructor(
    readonly ownerUrl: string,
    private readonly postgres: LocalPostgres,
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
      return new StormDatabase(url.href, postgres)
    } catch (error) {
      await postgres.stop()
      throw error
    }
  }

  /** Every process of it stops where it is, as on a host that is paused. */
  pause(): void {
    const processes = execFileSync('ps', ['-Ao', 'pid=,ppid='], { encoding: 'utf8' })
    const { pid } = this.postgres
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume()
    await this.postgres.stop()
  }
}

/** One that has ended meanwhile needs nothing. */
function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name)
  } catch {
    // it is gone
  }
}
