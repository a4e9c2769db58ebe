import { Random } from './random.js'

/** One fault to come. `place`: of a node, or `everywhere`. `seed`: of what is left to chance in it. */
export type Step = { pauseMs: number; place: string; fault: string; seed: number }

export type Plannable = { places: readonly string[]; faultsOfNode: readonly string[]; faultsOfAll: readonly string[] }

/** The place of faults that happen to all nodes at once. */
export const everywhere = 'all nodes'

/** Between one fault and the next. */
const calmMs = [500, 5_000] as const
/** One fault in so many is one of all nodes. */
const commonOneIn = 6

/**
 * Faults without end, in the same order for the same seed, whatever the machine has to do meanwhile: nothing that happens draws from the
 * numbers of what comes next. Each fault comes once before any comes again, so that a short storm has had them all.
 */
export function* plan(seed: number, { places, faultsOfNode, faultsOfAll }: Plannable): Generator<Step, never> {
  const random = new Random(seed)
  const nextOfNode = inTurn(random, faultsOfNode)
  const nextOfAll = inTurn(random, faultsOfAll)
  for (;;) {
    const pauseMs = random.between(...calmMs)
    const common = random.between(1, commonOneIn) === 1
    const place = common ? everywhere : random.oneOf(places)
    yield { pauseMs, place, fault: common ? nextOfAll() : nextOfNode(), seed: random.seedOfAnother() }
  }
}

function inTurn(random: Random, faults: readonly string[]): () => string {
  let left: string[] = []
  return () => {
    if (left.length === 0) left = random.shuffled(faults)
    const next = left.pop()
    if (next === undefined) throw new RangeError('there are no faults')
    return next
  }
}
