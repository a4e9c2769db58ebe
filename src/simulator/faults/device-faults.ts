import type { FaultParams } from './fault.js'

/** What happens to one linked device when a test wants trouble. */
export type DeviceFaults = {
  /** cuts the TCP connection */
  drop(): void
  streamError(code: number): void
  /** the next login gets `<failure reason>` */
  failNextLogin(reason: number): void
  pausePings(): void
  /** a frame that cannot be decrypted */
  sendGarbageFrame(): void
  /** the next message is refused by an ack with this code */
  refuseNextMessage(code: number): void
  /** one-time keys vanish until `leave` are left, and the device is told */
  drainPreKeys(leave?: number): void
}

/** The oldest faults as methods; `setOff` sets one off for the device. */
export function deviceFaults(setOff: (name: string, params?: FaultParams) => void): DeviceFaults {
  return {
    drop: () => setOff('drop'),
    streamError: code => setOff('stream-error', { code }),
    failNextLogin: reason => setOff('fail-next-login', { reason }),
    pausePings: () => setOff('pause-pings'),
    sendGarbageFrame: () => setOff('garbage-frame'),
    refuseNextMessage: code => setOff('refuse-message', { code }),
    drainPreKeys: (leave = 0) => setOff('drain-pre-keys', { leave }),
  }
}
