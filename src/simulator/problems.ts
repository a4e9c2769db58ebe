import type { Problem } from './control-surface.js'
import { SimulatorError } from './errors.js'
import type { LedgerEvent } from './ledger-lines.js'

type Subject = { account?: string; device?: number }

const SHOWN = 20

/** What should not have happened: stanzas nobody handles, and clients (or the simulator) breaking the protocol. */
export class Problems {
  readonly #list: Problem[] = []

  constructor(private readonly note?: (event: LedgerEvent) => void) {}

  unhandled(detail: string, subject: Subject = {}): void {
    this.#add('unhandled', detail, subject)
  }

  violation(detail: string, subject: Subject = {}): void {
    this.#add('violation', detail, subject)
  }

  #add(kind: Problem['kind'], detail: string, subject: Subject): void {
    this.#list.push({ kind, detail, ...subject, at: Date.now() })
    this.note?.({ kind: 'problem', problem: kind, detail, ...subject })
  }

  list(): Problem[] {
    return [...this.#list]
  }

  /** @throws SimulatorError `unclean`, listing what was recorded. */
  assertClean(): void {
    assertNoProblems(this.#list)
  }
}

export function assertNoProblems(problems: Problem[]): void {
  if (problems.length === 0) return
  const lines = problems.slice(0, SHOWN).map(({ kind, detail, account, device }) => {
    const who = account === undefined ? '' : ` (${account}${device === undefined ? '' : `:${device}`})`
    return `- ${kind}${who}: ${detail}`
  })
  const more = problems.length > SHOWN ? `\n… and ${problems.length - SHOWN} more` : ''
  throw new SimulatorError('unclean', `the simulator recorded problems:\n${lines.join('\n')}${more}`)
}
