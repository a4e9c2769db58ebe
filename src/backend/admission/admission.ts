import type { SessionId } from '../../contract/ids.js'

/** Who wants to link: what a start is counted for. */
export type Start = {
  sessionId: SessionId
  /**
   * The visitor's network address; `null` for the service token: it is exempt from limits. Places protect the machine, so it waits for
   * one like everybody, but at the head of the queue, however long that is.
   */
  address: string | null
  /** Digits of the account that a pairing code is asked for; `null` for a QR. */
  phoneNumber: string | null
}

/** Who may open a link attempt, and when: limits, places and the queue, over all nodes. */
export interface Admission extends AsyncDisposable {
  /** Begins to hand out places that become free. */
  start(): Promise<void>
  /**
   * Counts a start against every limit and takes a place, or a place in the queue, in one transaction.
   * @throws GatewayError `too_many_attempts` (429, Retry-After), `node_full` (503, Retry-After: the queue is full too), `linking_closed` (503),
   * `database_unavailable`
   */
  enter(start: Start): Promise<Place>
  /** The place in the queue of an attempt on whichever node, 1 is next; `null` when it does not wait. */
  position(sessionId: SessionId): Promise<number | null>
  /** WhatsApp refused this number another code: nobody is to ask for a while. */
  coolDown(phoneNumber: string): Promise<void>
}

/** `used`: a code was asked for, or a QR was shown. Then, and when nothing is said, the start stays counted. */
export type Leaving = { used: boolean }

/** A place of an attempt on this node. */
export interface Place {
  /** False when it waits in the queue. */
  readonly granted: boolean
  /** Resolves when the attempt may open its socket: at once when granted. Never settles after `leave`. */
  readonly turn: Promise<void>
  /**
   * Gives the place to the next in the queue, and the start back to its address and number when WhatsApp was asked for nothing by it.
   * Safe to repeat: the first call counts. Trouble with the database is met in the background.
   */
  leave(how?: Leaving): void
}
