import { setTimeout as delay } from 'node:timers/promises'
import { commonFaults, nodeFaults, startAgain, type Target } from './faults.js'
import { plan, type Step } from './plan.js'
import { Random } from './random.js'

/** One fault as it happened. `process` is `null` for what happened to all; `hit`: it found what it was meant for. */
export type Injected = { fault: string; process: string | null; at: number; until: number; hit: boolean }

const againMs = 1_000

/** What failed had nothing to hit, and is tried again for as long as the storm lasts. */
export async function untilItHits(
  fault: () => Promise<void>,
  { lasts, say, pauseMs = againMs }: { lasts: () => boolean; say: (line: string) => void; pauseMs?: number },
): Promise<void> {
  while (lasts()) {
    try {
      return await fault()
    } catch (error) {
      say(error instanceof Error ? error.message : 'failed')
    }
    await delay(pauseMs)
  }
}

/**
 * Faults as a seed plans them, for so long; several at a time, but at each place one after the other: what finds its place busy waits. In the
 * end all is mended.
 */
export async function weather(
  { seed, forMs }: { seed: number; forMs: number },
  target: Omit<Target, 'random'>,
  say: (line: string) => void,
): Promise<Injected[]> {
  const { cluster, signal } = target
  const injected: Injected[] = []
  const atPlace = new Map<string, Promise<void>>()
  const end = performance.now() + forMs

  const lasts = () => !signal.aborted && performance.now() <= end

  const inject = async ({ place, fault, seed: ofFault }: Step) => {
    const own = { ...target, random: new Random(ofFault) }
    const node = cluster.nodes.find(({ name }) => name === place)
    const process = node?.processName ?? null
    const entry: Injected = { fault, process, at: Date.now(), until: Infinity, hit: false }
    injected.push(entry)
    say(`${process ?? place}: ${fault}`)
    try {
      await (node === undefined ? commonFaults[fault]?.(own) : nodeFaults[fault]?.(node, own))
      entry.hit = true
    } finally {
      entry.until = Date.now()
    }
  }

  const places = cluster.nodes.map(({ name }) => name)
  const [faultsOfNode, faultsOfAll] = [Object.keys(nodeFaults), Object.keys(commonFaults)]
  for (const step of plan(seed, { places, faultsOfNode, faultsOfAll })) {
    await delay(step.pauseMs, undefined, { signal }).catch(() => {})
    if (!lasts()) break
    const before = atPlace.get(step.place) ?? Promise.resolve()
    atPlace.set(
      step.place,
      before.then(() => untilItHits(() => inject(step), { lasts, say: why => say(`${step.fault}: ${why}`) })),
    )
  }
  await Promise.all(atPlace.values())
  await Promise.all(cluster.nodes.map(node => startAgain(node, signal)))
  return injected
}
