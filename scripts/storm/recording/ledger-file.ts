import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { LedgerLine } from '../../../src/simulator/ledger-lines.js'
import type { Connection, KeyUse, Try, WireWrite } from '../checker/history.js'

/** What WhatsApp saw of a run. */
export type Sight = {
  connections: Connection[]
  writes: WireWrite[]
  /** What a node opens is counted where it opens it. */
  tries: Try[]
  keys: KeyUse[]
  /** Messages that a device was done with, and those it refused. */
  settled: { session: string; id: string; error: string | null; at: number }[]
  /** What the simulator itself found wrong. */
  problems: { session: string | null; at: number; what: string }[]
}

/** Which session a device of an account is; `null` for one that is none of the cluster's. */
export type SessionOf = (account: string) => string | null

/** Reads the simulator's ledger file, `src/simulator/ledger-lines.ts`; a last line that is still being written is left out. */
export async function readLedger(file: string, sessionOf: SessionOf): Promise<Sight> {
  const reader = new LedgerReader(sessionOf)
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line.endsWith('}')) reader.take(JSON.parse(line) as LedgerLine)
  }
  return reader.sight
}

class LedgerReader {
  readonly sight: Sight = { connections: [], writes: [], tries: [], keys: [], settled: [], problems: [] }
  readonly #opened = new Map<number, { at: number; node: string | null }>()
  readonly #loggedIn = new Map<number, Connection>()
  readonly #replaced = new Map<string, { older: number; newer: number }>()

  constructor(private readonly sessionOf: SessionOf) {}

  take(line: LedgerLine): void {
    const { at } = line
    switch (line.kind) {
      case 'connected':
        return void this.#opened.set(line.connection, { at, node: line.via ?? null })
      case 'logged-in':
        return this.#login(line.connection, this.sessionOf(line.account), at)
      case 'replaced':
        this.#replaced.set(line.account, { older: line.connection, newer: line.by })
        return this.#end(line.connection, { replaced: true, closedAt: at })
      case 'closed':
        return this.#end(line.connection, { closedAt: at })
      case 'stanza': {
        const { direction, connection, late } = line
        const by = this.#loggedIn.get(connection)
        if (direction === 'in' && by !== undefined) {
          this.sight.writes.push({ session: by.session, connection, at, ...(late && { late }) })
        }
        return
      }
      case 'pre-keys':
        return line.keys.forEach(([id, hash]) => this.#key(line.account, 'pre-key', String(id), hash, at))
      case 'message-key': {
        const key = `${line.toAccount}:${line.toDevice} ${line.chain} ${line.counter}`
        return this.#key(line.account, 'message key', key, line.digest, at)
      }
      case 'settled': {
        const session = this.sessionOf(line.account)
        if (session === null || line.tag !== 'message') return
        return void this.sight.settled.push({ session, id: line.id, error: line.error ?? null, at })
      }
      case 'problem': {
        if (this.#isOfGuest(line)) return
        const session = line.account === undefined ? null : this.sessionOf(line.account)
        return void this.sight.problems.push({ session, at, what: `${line.problem}: ${line.detail}` })
      }
      default:
    }
  }

  #login(connection: number, session: string | null, at: number): void {
    const opened = this.#opened.get(connection)
    if (session === null || opened === undefined) return
    const { node } = opened
    const login: Connection = { session, connection, node, loggedInAt: at, closedAt: null, replaced: false }
    this.#loggedIn.set(connection, login)
    this.sight.connections.push(login)
    if (node !== null) this.sight.tries.push({ session, at: opened.at })
  }

  /** What is replaced is no longer the device, even if its line should stay for a while. */
  #end(connection: number, end: Partial<Connection>): void {
    const ended = this.#loggedIn.get(connection)
    if (ended !== undefined && ended.closedAt === null) Object.assign(ended, end)
  }

  /** That somebody outside has logged in as a session's device, or was thrown out by it again, is no owner's doing. */
  #isOfGuest({ detail, account = '' }: { detail: string; account?: string }): boolean {
    const last = this.#replaced.get(account)
    if (last === undefined || !detail.startsWith('logged in twice')) return false
    return [last.older, last.newer].some(connection => this.#opened.get(connection)?.node === null)
  }

  #key(account: string, kind: KeyUse['kind'], key: string, hash: string, at: number): void {
    const session = this.sessionOf(account)
    if (session !== null) this.sight.keys.push({ session, kind, key, hash, at })
  }
}
