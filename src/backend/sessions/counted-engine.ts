import type { CloseReason, Engine } from '../engine/engine.js'
import { reactionTo } from './close-reactions.js'
import type { ConnectPacer } from './connect-pacer.js'

/** The engine for connects that wait for no turn because somebody watches: they count, and what they meet is everybody's business. */
export function countedEngine(engine: Engine, pacer: Pick<ConnectPacer, 'unasked' | 'opened' | 'refused'>): Engine {
  const met = (reason: CloseReason) => {
    const { breaker } = reactionTo(reason)
    const { retryAfterMs } = reason
    if (breaker !== null) pacer.refused({ breaker, ...(retryAfterMs !== undefined && { retryAfterMs }) })
  }
  return {
    ...engine,
    connect(options) {
      pacer.unasked()
      return engine.connect({
        ...options,
        onEvent(event) {
          if (event.type === 'open') pacer.opened()
          if (event.type === 'closed') met(event.reason)
          options.onEvent(event)
        },
      })
    },
  }
}
