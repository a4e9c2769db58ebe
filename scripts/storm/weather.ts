import { setTimeout as delay } from 'node:timers/promises'
import { commonFaults, longFaults, nodeFaults, startAgain } from './faults.js'
import { longEnoughMs, plan, type Step } from './plan.js'
import { Random } from './random.js'
import type { Target } from './target.js'
import { Turns } from './turns.js'

/** One fault as it happened. `process` is `null` for what happened to all; `hit`: it found something to happen to, at `at`. */
export type Injected = { fault: string; process: string | null; at: number; until: number; hit: boolean }

/** For so long after its end a long storm makes up for a fault that has never come to what it was meant for. */
const madeUpForMs = 120_000

/**
 * Faults as a seed plans them, for so long; several at a time, but at each place one after the other: what finds its place busy waits. A long
 * storm goes on until each that was due has come about once. In the end all is mended.
 */
export async function weather(
  { seed, forMs }: { seed: number; forMs: number },
  target: Omit<Target, 'random'>,
  say: (line: string) => void,
): Promise<Injected[]> {
  const { cluster, signal } = target
  const injected: Injected[] = []
  const turns = new Turns()
  const end = performance.now() + forMs

  const extraMs = forMs >= longEnoughMs ? madeUpForMs : 0
  /** Faults that have come about. */
  const done = new Set<string>()
  const lasts = (moreMs = 0) => !signal.aborted && performance.now() <= end + moreMs

  const inject = async ({ place, fault, seed: ofFault }: Step, isAgain: boolean) => {
    const node = cluster.nodes.find(({ name }) => name === place)
    const process = node?.processName ?? null
    const entry: Injected = { fault, process, at: Date.now(), until: Infinity, hit: false }
    const told = `${process ?? place}: ${fault}`
    const strikes = () => {
      Object.assign(entry, { at: Date.now(), hit: true })
      if (isAgain) say(told)
    }
    const own = { ...target, random: new Random(ofFault), strikes }
    injected.push(entry)
    if (!isAgain) say(told)
    try {
      await (node === undefined ? commonFaults[fault]?.(own) : nodeFaults[fault]?.(node, own))
      entry.hit = true
      done.add(fault)
    } finally {
      entry.until = Date.now()
    }
  }

  /** Tried again for as long as it has not come about anywhere. */
  const add = (step: Step) => {
    const { fault, place } = step
    let missed = false
    turns.add(place, {
      work: () => inject(step, missed),
      isDue: () => (done.has(fault) ? lasts() && !missed : lasts(extraMs)),
      onMiss: why => {
        if (!missed) say(`${fault}: ${why}`)
        missed = true
      },
    })
  }

  const places = cluster.nodes.map(({ name }) => name)
  const [faultsOfNode, faultsOfAll] = [Object.keys(nodeFaults), Object.keys(commonFaults)]
  for (const step of plan(seed, { places, faultsOfNode, beginsWith: longFaults, faultsOfAll })) {
    await delay(step.pauseMs, undefined, { signal }).catch(() => {})
    if (!lasts()) break
    add(step)
  }
  await turns.over()
  await Promise.all(cluster.nodes.map(node => startAgain(node, signal)))
  return injected
}
