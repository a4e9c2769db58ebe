import type { RootKey } from './control-surface.js'

export type SimulatorOptions = {
  /** default: a fresh one */
  rootKey?: RootKey
  /** default 0: any free port of 127.0.0.1 */
  port?: number
  /** on how many ports it listens, all for the same accounts; default 1. With `port` they are that one and those after it */
  frontEnds?: number
  /** whatever is left to chance in faults comes out of it; default: a fresh one */
  seed?: string
  /** accounts, keys and queues live here across restarts; written with mode 0600 */
  stateFile?: string
  /** every stanza, one JSON object a line, appended */
  ledgerFile?: string
  /** how long the server takes a pairing code; default 3 min */
  codeLifetimeMs?: number
  /** how many companions an account may have; default 4 */
  deviceLimit?: number
  /** how long waiters wait unless told otherwise; default 10 s */
  requestTimeoutMs?: number
}
