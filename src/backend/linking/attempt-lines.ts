import type { Engine, EngineConnection } from '../engine/engine.js'
import { watchedEngine } from '../engine/watched-engine.js'

/** The engine for attempts, whose lines hold still with those of sessions while it is doubtful whether this node has its lease. */
export type AttemptLines = {
  engine: Engine
  /** Every line stands still, those that open from here on too. */
  pauseAll(): void
  /** An attempt that was given up elsewhere meanwhile finds out by its next write, before any device comes into being. */
  resumeAll(): void
  /** A session has adopted this line, and holds it still from here on. */
  letGo(connection: EngineConnection): void
}

export function attemptLines(engine: Engine): AttemptLines {
  const lines = new Set<EngineConnection>()
  let paused = false
  const watched = watchedEngine(engine, () => {
    let line: EngineConnection | null = null
    let closed = false
    return {
      made(connection) {
        if (paused) connection.pause()
        if (closed) return
        line = connection
        lines.add(line)
      },
      met({ type }) {
        if (type !== 'closed') return
        closed = true
        if (line !== null) lines.delete(line)
      },
    }
  })
  return {
    engine: watched,
    pauseAll() {
      paused = true
      for (const line of lines) line.pause()
    },
    resumeAll() {
      paused = false
      for (const line of lines) {
        // a frame that wanted to leave has begun another doubt
        if (paused) return
        line.resume()
      }
    },
    letGo: connection => void lines.delete(connection),
  }
}
