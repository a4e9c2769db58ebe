import type { EventWakeups } from '../events/event-wakeups.js'
import type { Member } from '../http/actor.js'
import { errorCode, type Log } from '../log.js'
import type { StillStands } from './still-stands.js'

export type StandingWatchDeps = {
  stillStands: StillStands
  wakeups: Pick<EventWakeups, 'subscribe'>
  log: Log
  /** Between two looks, in milliseconds; a look that failed is repeated sooner. */
  lookEveryMs?: { usual: number; afterFailure: number }
}

const defaultLookEveryMs = { usual: 60_000, afterFailure: 5_000 }

/**
 * Asks now, and again and again, whether somebody who was let in may still be, and at once when their login or key has changed. While the database
 * cannot say, they stay: without it there is nothing to tell them either.
 * @param told what they are
 * @returns the function that ends the watch
 */
export function watchStanding(deps: StandingWatchDeps, member: Member, told: (now: Member | null) => void): () => void {
  const { stillStands, wakeups, log, lookEveryMs = defaultLookEveryMs } = deps
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let again = false
  let ended = false

  const look = async (): Promise<void> => {
    clearTimeout(timer)
    again = looking
    if (looking || ended) return
    looking = true
    let nextMs = lookEveryMs.usual
    try {
      const now = await stillStands(member)
      if (!ended) told(now)
    } catch (error) {
      log.debug('standing_not_known', { code: errorCode(error) })
      nextMs = lookEveryMs.afterFailure
    }
    looking = false
    if (ended) return
    timer = setTimeout(() => void look(), again ? 0 : nextMs)
    timer.unref()
  }

  // whoever remembers what has changed hears the same wake-up, and is to forget it before the look
  const names = [member.userId, ...(member.keyId === undefined ? [] : [member.keyId])]
  const unsubscribe = names.map(name => wakeups.subscribe(name, () => void setImmediate(() => void look())))
  // what changed since they were let in was told to nobody here
  void look()
  return () => {
    ended = true
    clearTimeout(timer)
    for (const end of unsubscribe) end()
  }
}
