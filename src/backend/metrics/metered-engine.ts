import type { CloseReason, Engine } from '../engine/engine.js'

export type ConnectionMeter = {
  /** A socket is opened towards WhatsApp. */
  tried(): void
  /** WhatsApp has let it in. */
  opened(): void
  ended(reason: Pick<CloseReason, 'plane' | 'kind'>): void
}

/** The same engine, whose connections are counted. */
export function meteredEngine(engine: Engine, meter: ConnectionMeter): Engine {
  return {
    ...engine,
    connect: options => {
      meter.tried()
      return engine.connect({
        ...options,
        onEvent(event) {
          if (event.type === 'open') meter.opened()
          if (event.type === 'closed') meter.ended(event.reason)
          options.onEvent(event)
        },
      })
    },
  }
}
