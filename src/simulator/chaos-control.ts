export const CHAOS_KINDS = [
  'cut',
  'end',
  'unavailable',
  'unknown',
  'restart',
  'login-refused',
  'silence',
  'deaf',
  'half-open',
  'partial-frame',
  'duplicate',
  'reorder',
  'drain-pre-keys',
  'front-end',
] as const

export type ChaosKind = (typeof CHAOS_KINDS)[number]

export type ChaosOptions = {
  /** default: the simulator's */
  seed?: string | undefined
  /** default: all of them */
  kinds?: readonly ChaosKind[] | undefined
  /** on average; default 1 */
  perSecond?: number | undefined
}

/** One thing that was made to happen; `at` in milliseconds of the machine's monotonic clock. */
export type ChaosAct = {
  at: number
  kind: ChaosKind
  phone?: string
  device?: number
  frontEnd?: number
  /** the device was not online, or there was none */
  missed?: true
}

export interface Chaos {
  readonly seed: string
  /** What was done so far, in order. */
  acts(): Promise<ChaosAct[]>
  /** Ends it: logins are let in, lines that were silent or deaf work again, what was kept back is delivered. Answers all that was done. */
  stop(): Promise<ChaosAct[]>
}
