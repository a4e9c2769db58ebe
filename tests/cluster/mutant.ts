import type { Connection, History } from '../../scripts/storm/checker/history.js'
import type { Random } from '../../scripts/storm/random.js'
import type { Draft } from './clean-history.js'

/** Puts one thing that must never happen into a history. */
export type Mutant = {
  what: string
  invariant: string
  put: (draft: Draft, random: Random) => void
  /** It needs a connection that lasted longer than a short test can promise. */
  takesTime?: true
}

export const fromNodes = ({ connections }: Pick<History, 'connections'>): Connection[] =>
  connections.filter(({ node }) => node !== null)
