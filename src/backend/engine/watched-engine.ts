import type { Engine, EngineConnection, EngineEvent } from './engine.js'

/** What one connection meets, told before whoever has made it hears of it. */
export type ConnectionWatch = {
  made?: (connection: EngineConnection) => void
  met: (event: EngineEvent) => void
}

/** @param watch called for every connection before it is made */
export function watchedEngine(engine: Engine, watch: () => ConnectionWatch): Engine {
  return {
    ...engine,
    connect(options) {
      const { made, met } = watch()
      const connection = engine.connect({
        ...options,
        onEvent(event) {
          met(event)
          options.onEvent(event)
        },
      })
      made?.(connection)
      return connection
    },
  }
}
