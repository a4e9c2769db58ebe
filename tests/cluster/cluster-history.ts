import type { History, Outage, Resources, ShownState } from '../../scripts/storm/checker/history.js'
import { readLedger, type Sight } from '../../scripts/storm/recording/ledger-file.js'
import { readRecorded, type Recorded } from '../../scripts/storm/recording/recorder.js'
import type { Cluster } from './cluster.js'

/** How often one node or another is asked for the states it shows. */
const lookEveryMs = 1_500

/** This process counts connects: when it gets no processor for so long, they bunch. */
const stalledMs = 500
const pulseMs = 100

/** Watches a cluster from outside while things happen to it, and tells afterwards what did. */
export class ClusterWatch implements AsyncDisposable {
  readonly since = Date.now()
  readonly #shown: ShownState[] = []
  readonly #resources: Resources[] = []
  readonly #timer: NodeJS.Timeout
  #looks = 0
  #looking: Promise<void> = Promise.resolve()
  readonly #stalls: Outage[] = []
  readonly #pulse: NodeJS.Timeout

  constructor(private readonly cluster: Cluster) {
    let last = Date.now()
    this.#pulse = setInterval(() => {
      const now = Date.now()
      if (now - last > stalledMs) this.#stalls.push({ from: last, to: now })
      last = now
    }, pulseMs)
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.#look())
    }, lookEveryMs)
  }

  /** What each process holds; only when nothing is happening, or a socket is just being opened. */
  async takeStock(mark: Resources['mark']): Promise<void> {
    const owners = [...(await this.cluster.owners()).values()]
    for (const node of this.cluster.nodes) {
      const { processName, sockets, listenerWarnings } = node
      const handles = node.handles()
      const owned = owners.filter(owner => owner === processName).length
      const told = await this.#told(node.url)
      this.#resources.push({ node: processName, mark, at: Date.now(), sockets, owned, handles, told, listenerWarnings })
    }
  }

  async history(): Promise<{ history: History; sight: Sight; recorded: Recorded }> {
    const { cluster, since } = this
    const ids = new Map(cluster.sessions.map(({ sessionId, phone }) => [phone.phoneNumber, sessionId]))
    const sight = await readLedger(cluster.whatsapp.ledgerFile, account => ids.get(account) ?? null)
    const recorded = await readRecorded(cluster.owner, cluster.secret)
    const stored = new Set(recorded.journalled.map(({ session, id }) => `${session} ${id}`))
    const settled = new Map(sight.settled.map(each => [`${each.session} ${each.id}`, each]))
    const recent = <Item extends { at: number }>(items: readonly Item[]) => items.filter(({ at }) => at >= since)
    const history: History = {
      connections: sight.connections,
      writes: sight.writes,
      connects: recent(cluster.connects),
      tries: recent(sight.tries),
      leases: recorded.leases,
      credentials: recorded.credentials,
      endings: recorded.endings,
      steppedBack: recorded.states.filter(({ reason }) => reason === 'replaced'),
      connected: recorded.states.filter(({ state }) => state === 'connected'),
      commands: cluster.commands,
      refusals: cluster.refusals,
      keys: sight.keys,
      messages: cluster.sent.map(({ sessionId, id, at }) => {
        const name = `${sessionId} ${id}`
        const { at: arrivedAt = null, error: refused = null } = settled.get(name) ?? {}
        return { session: sessionId, id, sentAt: at, arrivedAt, refused, stored: stored.has(name) }
      }),
      outages: cluster.outages,
      stalls: this.#stalls,
      shown: this.#shown,
      resources: this.#resources,
    }
    return { history, sight, recorded }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    clearInterval(this.#pulse)
    await this.#looking
  }

  async #told(url: string): Promise<Resources['told']> {
    const figures = await this.cluster.api.figures(url)
    const heapBytes = figures?.get('whizlite_memory_bytes{kind="heap_used"}')
    if (figures === null || heapBytes === undefined) return null
    return { heapBytes, timers: figures.get('whizlite_active_resources{type="Timeout"}') ?? 0 }
  }

  async #look(): Promise<void> {
    const { cluster } = this
    const able = cluster.nodes.filter(node => node.isRunning && !node.isFrozen)
    const node = able[this.#looks++ % able.length]
    const states = node === undefined ? null : await cluster.api.states(node.url)
    const at = Date.now()
    if (states === null) return
    for (const { sessionId: session } of cluster.sessions) {
      const state = states.get(session)
      if (state !== undefined) this.#shown.push({ session, state, at })
    }
  }
}
