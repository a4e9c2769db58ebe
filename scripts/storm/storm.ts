import { setMaxListeners } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ClusterWatch } from '../../tests/cluster/cluster-history.js'
import { Cluster } from '../../tests/cluster/cluster.js'
import { check } from './checker/check.js'
import { defaultLimits } from './checker/limits.js'
import { evictions } from './checker/evictions.js'
import { unjudged, type Unjudged } from './checker/unjudged.js'
import { bySession, type Finding, type History } from './checker/history.js'
import { thrownOut } from './checker/no-fights.js'
import { operate } from './operator.js'
import { Random } from './random.js'
import { introduction, linkingProgress, verdictOn, type StormReport } from './report.js'
import { StormDatabase } from './storm-database.js'
import { spread, takeovers } from './takeovers.js'
import { weather } from './weather.js'

export { reportText } from './report.js'

export type StormOptions = {
  seconds: number
  seed: number
  sessions: number
  nodes: number
  say: (line: string) => void
  signal: AbortSignal
}

const progressEveryMs = 3_000
const settleLimitMs = 180_000

/** One storm from the first start to the verdict. @returns `null` when it was told to stop; nothing it started is left either way */
export async function storm(options: StormOptions): Promise<StormReport | null> {
  const { seed, sessions, nodes, say, signal } = options
  // as many faults and commands at once as there happen to be
  setMaxListeners(0, signal)
  const began = performance.now()
  const timed = (line: string) => say(`${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${line}`)
  say(introduction(options))
  const folder = mkdtempSync(path.join(tmpdir(), 'whizlite-storm-'))
  try {
    await using database = await StormDatabase.start(folder)
    await using cluster = await Cluster.open({ seed, nodes, ownerUrl: database.ownerUrl, folder })
    const stopped = new Promise<null>(resolve => signal.addEventListener('abort', () => resolve(null), { once: true }))
    if (signal.aborted) return null
    return await Promise.race([run({ ...options, say: timed }, cluster, database), stopped])
  } catch (error) {
    if (signal.aborted) return null
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async function run({ say: tell }: StormOptions, cluster: Cluster, database: StormDatabase): Promise<StormReport> {
    tell(`starting a database, a simulated WhatsApp and ${nodes} gateways`)
    await cluster.start()
    tell(`linking ${sessions} sessions, by importing them`)
    await cluster.seed(sessions, linkingProgress(sessions, tell))
    tell('waiting until all are online')
    await cluster.settled(settleLimitMs)
    await using watch = new ClusterWatch(cluster)
    await watch.takeStock('baseline')
    tell('all are online; the storm begins')
    return await inStorm(options, { cluster, database, watch, tell })
  }
}

type Parts = { cluster: Cluster; database: StormDatabase; watch: ClusterWatch; tell: (line: string) => void }

async function inStorm({ seconds, seed, sessions, nodes, signal }: StormOptions, parts: Parts): Promise<StormReport> {
  const { cluster, database, watch, tell } = parts
  const busy = new AbortController()
  const until = AbortSignal.any([signal, busy.signal])
  const progress = showProgress(parts, until)
  const writing = writeOn(cluster, until)
  const reserved = new Set<string>()
  const operating = operate({ cluster, database, random: new Random(seed + 2), signal, reserved }, until)
  const injected = await weather({ seed, forMs: seconds * 1_000 }, { cluster, database, signal, reserved }, tell)
  tell(
    'the storm is over, all is mended; waiting until every session is online again and nothing waits (3 minutes at most each)',
  )
  const over = performance.now()
  busy.abort()
  await Promise.all([progress, writing, operating])
  const calm = await settle(cluster, tell)
  const calmAfterMs = calm ? performance.now() - over : null
  await watch.takeStock('end')
  const { history, sight } = await watch.history()
  const taken = takeovers(history, injected)
  const evicted = evictions(history).map(({ silentMs }) => silentMs)
  const findings: Finding[] = [
    ...check(history, defaultLimits),
    ...sight.problems.map(problem => ({ invariant: 'the simulator', ...problem })),
  ]
  const notJudged: Unjudged[] = [
    ...unjudged(history),
    ...(taken.length > 0 ? [] : [{ invariant: 'takeovers', why: 'no session was taken over' }]),
  ]
  return {
    verdict: verdictOn({ seconds, calmAfterMs, findings, notJudged }),
    seed,
    seconds,
    sessions,
    nodes,
    faults: counted(injected.filter(({ hit }) => hit).map(({ fault }) => fault)),
    takeovers: {
      claimedMs: spread(taken.map(({ claimedMs }) => claimedMs)),
      onlineMs: spread(taken.flatMap(({ onlineMs }) => onlineMs ?? [])),
    },
    evictions: { count: evicted.length, silentMs: evicted.length === 0 ? null : Math.min(...evicted) },
    messages: {
      sent: history.messages.length,
      arrived: history.messages.filter(({ arrivedAt }) => arrivedAt !== null).length,
    },
    connects: history.connects.length,
    loginsElsewhere: elsewhere(history),
    commands: counted(history.commands.map(({ name }) => name)),
    calmAfterMs,
    findings,
    notJudged,
  }
}

async function settle(cluster: Cluster, tell: Parts['tell']): Promise<boolean> {
  try {
    await cluster.settled(settleLimitMs)
    await cluster.delivered(settleLimitMs)
    return true
  } catch (error) {
    tell(error instanceof Error ? error.message : 'not all is well')
    return false
  }
}

/** People write all the time, to one session or another; now and then one has to answer. */
async function writeOn(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const random = new Random(cluster.options.seed + 1)
  while (!signal.aborted) {
    const session = random.oneOf(cluster.sessions)
    await (random.between(1, 10) === 1 ? cluster.command(session) : cluster.text(session))
    await delay(random.between(50, 500), undefined, { signal }).catch(() => {})
  }
}

async function showProgress({ cluster, tell }: Parts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(progressEveryMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const nodes = cluster.nodes.map(node => {
      const state = node.isFrozen ? 'frozen' : node.isRunning ? `${node.sockets} lines` : 'down'
      return `${node.processName} ${state}`
    })
    tell(`${nodes.join('  ')}  ${cluster.sent.length} messages`)
  }
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** What became of the sessions that somebody else had logged in as. */
function elsewhere({ connections }: History): StormReport['loginsElsewhere'] {
  const ends = [...bySession(connections).values()].flatMap(of =>
    thrownOut(of).map(end => ({ end, back: of.find(({ node, loggedInAt }) => node !== null && loggedInAt > end) })),
  )
  return {
    thrownOut: ends.length,
    backMs: spread(ends.flatMap(({ end, back }) => (back === undefined ? [] : back.loggedInAt - end))),
  }
}
