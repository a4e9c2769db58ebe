import type { Engine, EngineConnection } from '../engine/engine.js'

/** The engine for attempts, whose lines hold still with those of sessions while it is doubtful whether this node has its lease. */
export type AttemptLines = {
  engine: Engine
  /** Every line stands still, those that open from here on too. */
  pauseAll(): void
  /** An attempt that was given up elsewhere meanwhile finds out by its next write, before any device comes into being. */
  resumeAll(): void
}

export function attemptLines(engine: Engine): AttemptLines {
  const lines = new Set<EngineConnection>()
  let paused = false
  const connect: Engine['connect'] = options => {
    let closed = false
    const connection = engine.connect({
      ...options,
      onEvent(event) {
        if (event.type === 'closed') {
          closed = true
          lines.delete(connection)
        }
        options.onEvent(event)
      },
    })
    if (!closed) lines.add(connection)
    if (paused) connection.pause()
    return connection
  }
  return {
    engine: { ...engine, connect },
    pauseAll() {
      paused = true
      for (const line of lines) line.pause()
    },
    resumeAll() {
      paused = false
      for (const line of lines) line.resume()
    },
  }
}
