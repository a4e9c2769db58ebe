import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from '../../tests/cluster/cluster.js'
import type { Random } from './random.js'
import type { StormDatabase } from './storm-database.js'

/** What something is done to in a storm. */
export type Target = {
  cluster: Cluster
  database: StormDatabase
  random: Random
  signal: AbortSignal
  /** Sessions that somebody commands or has copied just now, or whose next login elsewhere would mean something else. */
  reserved: Set<string>
}

export type FaultTarget = Target & {
  /** Called by a fault that had to wait for something to hit, once it has it: only what follows is its doing. */
  strikes: () => void
}

/** Waits for a while between these, or until the storm is told to stop. */
export const seconds = (
  { random, signal }: Pick<Target, 'random' | 'signal'>,
  from: number,
  to: number,
): Promise<void> => delay(random.between(from * 1_000, to * 1_000), undefined, { signal }).catch(() => {})

/**
 * A node that stood still lets go of what it has lost, and hears what it has missed, before anything else happens to it: it would be as if it
 * had stood still for as long as both take.
 */
export const recovery = (target: Pick<Target, 'random' | 'signal'>): Promise<void> => seconds(target, 4, 8)
