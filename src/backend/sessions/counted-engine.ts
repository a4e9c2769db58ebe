import type { CloseReason, Engine } from '../engine/engine.js'
import { watchedEngine } from '../engine/watched-engine.js'
import { reactionTo } from './close-reactions.js'
import type { ConnectPacer } from './connect-pacer.js'

/** The engine for connects that wait for no turn because somebody watches: they count, and what they meet is everybody's business. */
export function countedEngine(engine: Engine, pacer: Pick<ConnectPacer, 'unasked' | 'opened' | 'refused'>): Engine {
  const ended = (reason: CloseReason) => {
    const { breaker } = reactionTo(reason)
    const { retryAfterMs } = reason
    if (breaker !== null) pacer.refused({ breaker, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }
  return watchedEngine(engine, () => {
    pacer.unasked()
    return {
      met(event) {
        if (event.type === 'open') pacer.opened()
        if (event.type === 'closed') ended(event.reason)
      },
    }
  })
}
