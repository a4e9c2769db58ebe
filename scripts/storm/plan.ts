import { Random } from './random.js'

/** One fault to come. `place`: of a node, or `everywhere`. `seed`: of what is left to chance in it. */
export type Step = { pauseMs: number; place: string; fault: string; seed: number }

export type Plannable = {
  places: readonly string[]
  faultsOfNode: readonly string[]
  /** One of these comes before all others: what it is meant for shows best where all is well. */
  beginsWith: readonly string[]
  faultsOfAll: readonly string[]
}

/** The place of faults that happen to all nodes at once. */
export const everywhere = 'all nodes'

/** From so long on a storm has had time for whatever the checks look at: one with nothing of it was no storm. */
export const longEnoughMs = 150_000

/**
 * Between one fault and the next: enough for hundreds of sessions to come back now and then, at the pace that they are held to. Where hardly
 * anything is ever online there is nothing that a fault could break.
 */
const calmMs = [2_000, 10_000] as const
/** One fault in so many is one of all nodes, but none of the first ones. */
const commonOneIn = 6
const ofNodesFirst = 4

/**
 * Faults without end, in the same order for the same seed, whatever the machine has to do meanwhile: nothing that happens draws from the
 * numbers of what comes next. Each fault comes once before any comes again, so that a short storm has had them all.
 */
export function* plan(
  seed: number,
  { places, faultsOfNode, beginsWith, faultsOfAll }: Plannable,
): Generator<Step, never> {
  const random = new Random(seed)
  const nextOfNode = inTurn(random, faultsOfNode, random.oneOf(beginsWith))
  const nextOfAll = inTurn(random, faultsOfAll)
  for (let steps = 0; ; steps++) {
    const pauseMs = random.between(...calmMs)
    const common = random.between(1, commonOneIn) === 1 && steps >= ofNodesFirst
    const place = common ? everywhere : random.oneOf(places)
    yield { pauseMs, place, fault: common ? nextOfAll() : nextOfNode(), seed: random.seedOfAnother() }
  }
}

function inTurn(random: Random, faults: readonly string[], first?: string): () => string {
  let left = first === undefined ? [] : [...random.shuffled(faults.filter(fault => fault !== first)), first]
  return () => {
    if (left.length === 0) left = random.shuffled(faults)
    const next = left.pop()
    if (next === undefined) throw new RangeError('there are no faults')
    return next
  }
}
