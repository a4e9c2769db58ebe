import type { CloseReason, Engine } from '../engine/engine.js'
import { watchedEngine } from '../engine/watched-engine.js'

export type ConnectionMeter = {
  /** A socket is opened towards WhatsApp. */
  tried(): void
  /** WhatsApp has let it in. */
  opened(): void
  ended(reason: Pick<CloseReason, 'plane' | 'kind'>): void
  /** Somebody has sent what only a device of the account may send. */
  forged(code: string): void
}

/** The same engine, whose connections are counted. */
export function meteredEngine(engine: Engine, meter: ConnectionMeter): Engine {
  return watchedEngine(engine, () => {
    meter.tried()
    return {
      met(event) {
        if (event.type === 'open') meter.opened()
        if (event.type === 'closed') meter.ended(event.reason)
        if (event.type === 'forged_message') meter.forged(event.code)
      },
    }
  })
}
