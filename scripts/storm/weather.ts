import { setTimeout as delay } from 'node:timers/promises'
import { commonFaults, nodeFaults, startAgain, type Target } from './faults.js'

/** One fault as it happened. `process` is `null` for what happened to all. */
export type Injected = { fault: string; process: string | null; at: number; until: number }

/** Between one fault and the next. */
const calmMs = [500, 5_000] as const
/** One fault in so many is one of all nodes. */
const commonOneIn = 6

/**
 * Faults one after the other, several at a time, for so long, as the seed decides; each node has one at a time. In the end all is mended.
 */
export async function weather(target: Target, forMs: number, say: (line: string) => void): Promise<Injected[]> {
  const { cluster, random, signal } = target
  const injected: Injected[] = []
  const busy = new Map<string, Promise<void>>()
  const end = performance.now() + forMs

  const inject = (place: string, fault: string, process: string | null, work: () => Promise<void>) => {
    const entry: Injected = { fault, process, at: Date.now(), until: Infinity }
    injected.push(entry)
    say(`${process ?? 'all nodes'}: ${fault}`)
    const done = work()
      .catch((error: unknown) => say(`${fault}: ${error instanceof Error ? error.message : 'failed'}`))
      .then(() => {
        entry.until = Date.now()
        busy.delete(place)
      })
    busy.set(place, done)
  }

  while (performance.now() < end && !signal.aborted) {
    await delay(random.between(...calmMs), undefined, { signal }).catch(() => {})
    if (signal.aborted) break
    const common = random.between(1, commonOneIn) === 1
    const free = cluster.nodes.filter(({ name }) => !busy.has(name))
    if (common && !busy.has('all')) {
      const [fault, work] = random.oneOf(Object.entries(commonFaults))
      inject('all', fault, null, () => work(target))
    } else if (free.length > 0) {
      const node = random.oneOf(free)
      const [fault, work] = random.oneOf(Object.entries(nodeFaults))
      inject(node.name, fault, node.processName, () => work(node, target))
    }
  }
  await Promise.all(busy.values())
  await Promise.all(cluster.nodes.map(node => startAgain(node, signal)))
  return injected
}
