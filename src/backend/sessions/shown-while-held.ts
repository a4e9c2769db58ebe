import { closeReactions } from './close-reactions.js'
import type { Breaker, Reaction, Shown } from './reaction.js'

const rows: readonly Reaction[] = closeReactions

/** What is shown of a session that would connect, but for what others have met: the same as of those. */
export function shownWhileHeld(breaker: Breaker): Shown {
  const shown = rows.find(row => row.breaker === breaker && row.trying !== null)?.trying
  if (shown === null || shown === undefined) throw new TypeError('nothing is shown for this breaker')
  return shown
}
