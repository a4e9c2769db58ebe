import type { ConnectionSpan, Ending, StanzaMatch } from './control-surface.js'
import { monotonicMs, type LedgerEvent } from './ledger-lines.js'

/** Ended connections that stay known; the oldest are forgotten first. */
const REMEMBERED = 20_000

/** The life of every connection: when it came, who it turned out to be, when and how it ended. */
export class Connections {
  readonly #open = new Map<number, ConnectionSpan>()
  #ended: ConnectionSpan[] = []
  #count = 0

  constructor(private readonly note: (event: LedgerEvent) => void) {}

  /** Answers the number of the connection. */
  connected(frontEnd: number, via?: string): number {
    const connection = ++this.#count
    const who = via === undefined ? {} : { via }
    this.#open.set(connection, { connection, frontEnd, ...who, connectedAt: monotonicMs() })
    this.note({ kind: 'connected', connection, frontEnd, ...who })
    return connection
  }

  registering(connection: number): void {
    this.note({ kind: 'registering', connection })
  }

  loggedIn(connection: number, account: string, device: number): void {
    Object.assign(this.#open.get(connection) ?? {}, { account, device, loggedInAt: monotonicMs() })
    this.note({ kind: 'logged-in', connection, account, device })
  }

  live(connection: number): void {
    const span = this.#open.get(connection)
    if (span?.account === undefined || span.device === undefined) return
    span.liveAt = monotonicMs()
    this.note({ kind: 'live', connection, account: span.account, device: span.device })
  }

  replaced(connection: number, by: number, heardMsAgo: number): void {
    const span = this.#open.get(connection)
    if (span?.account === undefined || span.device === undefined) return
    span.replacedBy = by
    this.note({ kind: 'replaced', connection, account: span.account, device: span.device, by, heardMsAgo })
  }

  dismissed(connection: number, ending: Ending): void {
    const span = this.#open.get(connection)
    if (!span || span.dismissedAt !== undefined) return
    span.dismissedAt = monotonicMs()
    this.note({ kind: 'dismissed', connection, ...whoseOf(span), ...ending })
  }

  closed(connection: number, ending: Ending): void {
    const span = this.#open.get(connection)
    if (!span) return
    this.#open.delete(connection)
    span.closedAt = monotonicMs()
    span.ending = ending
    this.#ended.push(span)
    if (this.#ended.length > REMEMBERED * 1.2) this.#ended = this.#ended.slice(-REMEMBERED)
    const openMs = Math.round(span.closedAt - span.connectedAt)
    this.note({ kind: 'closed', connection, ...whoseOf(span), openMs, ...ending })
  }

  /** Oldest first; those of one account or device if given. */
  spans({ account, device }: Pick<StanzaMatch, 'account' | 'device'> = {}): ConnectionSpan[] {
    return [...this.#ended, ...this.#open.values()]
      .filter(span => account === undefined || span.account === account)
      .filter(span => device === undefined || span.device === device)
      .toSorted((one, other) => one.connection - other.connection)
      .map(span => ({ ...span }))
  }
}

function whoseOf({ account, device }: ConnectionSpan): { account: string; device: number } | undefined {
  return account === undefined || device === undefined ? undefined : { account, device }
}
