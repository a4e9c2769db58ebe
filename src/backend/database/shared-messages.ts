import { DatabaseRefusedError } from './database-errors.js'
import type { BoundStatement } from './prepared-statement.js'
import type { TransactionStart } from './transaction.js'
import { TransactionTimeoutError } from './transaction-errors.js'

type Statements = readonly BoundStatement<unknown>[]

/** Runs statements in one transaction. @returns the rows of each */
export type RunAtOnce = (start: TransactionStart, statements: Statements) => Promise<unknown[][]>

type Ask = {
  start: TransactionStart
  statements: Statements
  /** On the clock of `performance.now`. */
  deadline: number
  resolve: (rows: unknown[][]) => void
  reject: (error: unknown) => void
}

/** What one scope asks. */
type Lane = { underWay: number; isDue: boolean; waiting: Ask[] }

/**
 * Messages under way of one scope. Reads may have all connections that there are for requests: with fewer, this process waits while one server
 * process works through a long message. Writes wait for each other in any case, at the chain of their workspace's audit log.
 */
const mostUnderWay = { reading: 4, writing: 1 }

const mostTogether = 32

/**
 * What the same scope asks while a message of its own is under way goes together in the next one: one transaction, one commit, one settings
 * of the tenant for all of it. Nobody waits longer for that than for the message before, and no message serves two scopes. When a statement
 * is refused, each is run by itself.
 */
export function createSharedMessages(run: RunAtOnce): RunAtOnce {
  const lanes = new Map<string, Lane>()

  const send = async (asks: readonly Ask[]): Promise<void> => {
    const [first] = asks
    if (first === undefined) return
    const leftMs = Math.min(...asks.map(({ deadline }) => deadline)) - performance.now()
    try {
      if (leftMs <= 0) throw new TransactionTimeoutError(first.start.deadlineMs)
      const start = { ...first.start, deadlineMs: Math.ceil(leftMs) }
      const rows = await run(
        start,
        asks.flatMap(({ statements }) => statements),
      )
      let at = 0
      for (const { statements, resolve } of asks) resolve(rows.slice(at, (at += statements.length)))
    } catch (error) {
      if (asks.length > 1 && error instanceof DatabaseRefusedError) for (const ask of asks) await send([ask])
      else for (const { reject } of asks) reject(error)
    }
  }

  const work = async (name: string, lane: Lane): Promise<void> => {
    lane.isDue = false
    lane.underWay += 1
    await send(lane.waiting.splice(0, mostTogether))
    lane.underWay -= 1
    if (lane.waiting.length > 0) begin(name, lane)
    else if (lane.underWay === 0) lanes.delete(name)
  }

  /** Not before all that has come with this turn of the event loop is there. */
  const begin = (name: string, lane: Lane): void => {
    if (lane.isDue) return
    lane.isDue = true
    setImmediate(() => void work(name, lane))
  }

  return (start, statements) =>
    new Promise((resolve, reject) => {
      const name = `${start.readOnly ? 'reads' : 'writes'} ${start.workspaceId} ${start.userId}`.toLowerCase()
      const lane = lanes.get(name) ?? { underWay: 0, isDue: false, waiting: [] }
      lanes.set(name, lane)
      const ask: Ask = { start, statements, deadline: performance.now() + start.deadlineMs, resolve, reject }
      lane.waiting.push(ask)
      if (lane.underWay < mostUnderWay[start.readOnly ? 'reading' : 'writing']) begin(name, lane)
    })
}
