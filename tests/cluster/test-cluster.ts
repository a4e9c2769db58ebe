import { mkdtempSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import path from 'node:path'
import { expect, inject } from 'vitest'
import { Releases } from '../../src/backend/releases.js'
import { defaultLimits } from '../../scripts/storm/checker/limits.js'
import { check, tell } from '../../scripts/storm/checker/check.js'
import { cloneDatabase } from '../support/template-database.js'
import { Cluster, until, type ClusterOptions } from './cluster.js'
import { ClusterWatch } from './cluster-history.js'

export type TestClusterOptions = Pick<ClusterOptions, 'envOf'> & {
  sessions: number
  nodes?: number
  /** Of a migrated database that somebody else starts and ends. */
  ownerUrl?: string
}

/** A node waits for a database that says nothing before it refuses. */
const refusalLimitMs = 25_000

/** A cluster that a test file does things to, and everything that can be checked afterwards. */
export class TestCluster implements AsyncDisposable {
  private constructor(
    readonly cluster: Cluster,
    readonly watch: ClusterWatch,
    private readonly releases: Releases,
  ) {}

  /** Three nodes and so many sessions, on a database of the run's server or the given one. The seed is printed; CLUSTER_SEED sets it. */
  static async start({ sessions, nodes = 3, envOf, ownerUrl: given }: TestClusterOptions): Promise<TestCluster> {
    const seed = Number(process.env['CLUSTER_SEED'] ?? randomInt(2 ** 32))
    process.stderr.write(`cluster: CLUSTER_SEED=${seed}\n`)
    const folder = mkdtempSync(path.join(inject('scratch'), 'cluster-'))
    const releases = new Releases()
    try {
      const ownerUrl = given ?? (await cloneFor(releases))
      const cluster = releases.use(await Cluster.open({ seed, nodes, ownerUrl, folder, ...(envOf && { envOf }) }))
      await cluster.start()
      await cluster.seed(sessions)
      await cluster.settled()
      const watch = releases.use(new ClusterWatch(cluster))
      await watch.takeStock('baseline')
      return new TestCluster(cluster, watch, releases)
    } catch (error) {
      await releases[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Every node answers that it cannot reach the database, and when to come again: as soon as it has noticed. */
  async expectRefusals(): Promise<void> {
    const { nodes, api } = this.cluster
    await Promise.all(
      nodes.map(async ({ name, url }) => {
        const ask = () => api.get(url, '/api/v1/sessions', refusalLimitMs)
        let answer = await ask()
        await until(async () => !answer.ok || !(answer = await ask()).ok, `a refusal of ${name}`)
        expect(answer.status).toBe(503)
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
        expect(await answer.json()).toMatchObject({ code: 'database_unavailable' })
      }),
    )
  }

  /** Nothing that was recorded so far is wrong. */
  async expectNothingWrong(): Promise<void> {
    const { history, sight } = await this.watch.history()
    expect(check(history, defaultLimits).map(tell)).toEqual([])
    expect(sight.problems).toEqual([])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.releases[Symbol.asyncDispose]()
  }
}

async function cloneFor(releases: Releases): Promise<string> {
  const { ownerUrl, drop } = await cloneDatabase()
  releases.use({ [Symbol.asyncDispose]: drop })
  return ownerUrl
}
