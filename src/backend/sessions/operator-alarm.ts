import type { Log, LogFields } from '../log.js'

/** What somebody who runs this server has to act on. */
export type OperatorProblem = 'engine_outdated' | 'session_needs_operator'

export interface OperatorAlarm {
  /** Once in the log, and for everybody who asks, until it is over. */
  raise(problem: 'engine_outdated', details?: LogFields): void
  clear(problem: 'engine_outdated'): void
  /** For what has no end that is known here: the log has it. */
  tell(problem: OperatorProblem, details: LogFields): void
  /** What goes on at this moment; empty: nothing. */
  raised(): readonly OperatorProblem[]
}

export function createOperatorAlarm({ log }: { log: Log }): OperatorAlarm {
  const raised = new Set<OperatorProblem>()
  return {
    raise(problem, details = {}) {
      if (raised.has(problem)) return
      raised.add(problem)
      log.error(problem, details)
    },
    clear(problem) {
      if (raised.delete(problem)) log.info(`${problem}_over`)
    },
    tell: (problem, details) => log.error(problem, details),
    raised: () => [...raised],
  }
}
