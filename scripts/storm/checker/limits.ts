/** Room that a bucket has: `burst` at once, `perSecond` on average. */
export type Bucket = { perSecond: number; burst: number }

export type Limits = {
  /** How long WhatsApp may have two connections of one session. */
  overlapMs: number
  /** How much later than another node's login WhatsApp may read what a node sent before, and closed its line behind. */
  onItsWayMs: number
  /** How long a process that is thrown out by another one of ours must have been silent: it fences itself long before anybody claims. */
  silentMs: number
  perNode: Bucket
  total: Bucket
  /** Connects of one session in a while. */
  perSession: { most: number; withinMs: number }
  /** How much later than it left the bucket a connect may come: credentials are read in between, within a call's deadline. */
  connectDelayMs: number
  /** After somebody else's login has thrown a session out: time before its only retry, and how often it may throw the other out in a while. */
  replaced: { quietMs: number; within: number; most: number }
  /**
   * How long a command that was granted may take: its owner may be frozen, and its line stays until it goes on; a pause for the database, or
   * turns of many that connect, come on top.
   */
  obeyedWithinMs: number
  /** The same for a connection that was asked for, while more happens to whoever is to make it. */
  connectedWithinMs: number
  /** How long what the API says may differ from what WhatsApp sees. */
  shownWithinMs: number
  /** Handles that may be more than at the beginning: pools are opened as they are needed. */
  handles: number
  /** Heap and timers that may be more than twice what a node with as many sessions had at the beginning: nobody collects garbage for a look. */
  heapBytes: number
  timers: number
}

/** A node's lease, and what others wait after its end before they claim (reliability 3.2). */
const leaseMs = 8_000
const claimWaitMs = 1_000
/** Between a login and WhatsApp's end of the older connection, on a machine that has more to do than it can. */
const overlapMarginMs = 1_000

export const defaultLimits: Limits = {
  overlapMs: leaseMs + claimWaitMs + overlapMarginMs,
  // on a machine that has more to do than it can
  onItsWayMs: 1_000,
  // five seconds after its last renewal; others claim nine seconds after it at the earliest
  silentMs: 2_000,
  // less than for all, so that each node's own limit shows as well
  perNode: { perSecond: 5, burst: 10 },
  total: { perSecond: 20, burst: 20 },
  // full jitter from one second on: ten tries in a minute are less likely than a defect
  perSession: { most: 12, withinMs: 60_000 },
  connectDelayMs: 5_000,
  replaced: { quietMs: 55_000, within: 600_000, most: 2 },
  obeyedWithinMs: 45_000,
  connectedWithinMs: 120_000,
  shownWithinMs: 30_000,
  handles: 40,
  heapBytes: 64 * 2 ** 20,
  timers: 100,
}
