import { mkdtempSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import path from 'node:path'
import { expect, inject } from 'vitest'
import { defaultLimits } from '../../scripts/storm/checker/limits.js'
import { check, tell } from '../../scripts/storm/checker/check.js'
import { cloneDatabase, type ClonedDatabase } from '../support/template-database.js'
import { Cluster, type ClusterOptions } from './cluster.js'
import { ClusterWatch } from './cluster-history.js'

export type TestClusterOptions = Pick<ClusterOptions, 'envOf'> & {
  sessions: number
  nodes?: number
  /** Of a migrated database that somebody else starts and ends. */
  ownerUrl?: string
}

const notOurs = (ownerUrl: string): ClonedDatabase => ({ ownerUrl, drop: async () => {} })

/** A cluster that a test file does things to, and everything that can be checked afterwards. */
export class TestCluster implements AsyncDisposable {
  private constructor(
    readonly cluster: Cluster,
    readonly watch: ClusterWatch,
    private readonly drop: () => Promise<void>,
  ) {}

  /** Three nodes and so many sessions, on a database of the run's server or the given one. The seed is printed; CLUSTER_SEED sets it. */
  static async start(options: TestClusterOptions): Promise<TestCluster> {
    const seed = Number(process.env['CLUSTER_SEED'] ?? randomInt(2 ** 32))
    process.stderr.write(`cluster: CLUSTER_SEED=${seed}\n`)
    const { ownerUrl, drop } = options.ownerUrl === undefined ? await cloneDatabase() : notOurs(options.ownerUrl)
    const folder = mkdtempSync(path.join(inject('scratch'), 'cluster-'))
    const cluster = await Cluster.open({
      seed,
      nodes: options.nodes ?? 3,
      ownerUrl,
      folder,
      ...(options.envOf && { envOf: options.envOf }),
    })
    try {
      await cluster.start()
      await cluster.seed(options.sessions)
      await cluster.settled()
      const watch = new ClusterWatch(cluster)
      await watch.takeStock('baseline')
      return new TestCluster(cluster, watch, drop)
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      await drop()
      throw error
    }
  }

  /** Nothing that was recorded so far is wrong. */
  async expectNothingWrong(): Promise<void> {
    const { history, sight } = await this.watch.history()
    expect(check(history, defaultLimits).map(tell)).toEqual([])
    expect(sight.problems).toEqual([])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch[Symbol.asyncDispose]()
    await this.cluster[Symbol.asyncDispose]()
    await this.drop()
  }
}
