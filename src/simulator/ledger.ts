import { open, type FileHandle } from 'node:fs/promises'
import type { Direction, LedgerEntry, StanzaMatch } from './control-surface.js'
import { SimulatorError } from './errors.js'
import { monotonicMs, type LedgerEvent } from './ledger-lines.js'
import { Waiters } from './waiters.js'
import type { Node } from './wire/node-codec.js'

/** Older entries leave memory (never the file) beyond this many. */
const MEMORY_LIMIT = 100_000
type WriteStream = ReturnType<FileHandle['createWriteStream']>

const MAX_DEPTH = 3

/** Who a stanza came from or goes to. */
export type Party = { connection: number; account?: string; device?: number }

function collectPaths(value: Node, prefix: string, depth: number, paths: Set<string>): void {
  if (depth > MAX_DEPTH || !Array.isArray(value.content)) return
  for (const part of value.content) {
    const path = prefix + part.tag
    paths.add(path)
    collectPaths(part, `${path}/`, depth + 1, paths)
  }
}

export function fits(entry: LedgerEntry, match: StanzaMatch): boolean {
  const { attrs } = entry
  return (
    (match.direction === undefined || match.direction === entry.direction) &&
    (match.tag === undefined || match.tag === entry.tag) &&
    (match.type === undefined || match.type === attrs['type']) &&
    (match.id === undefined || match.id === attrs['id']) &&
    (match.xmlns === undefined || match.xmlns === attrs['xmlns']) &&
    (match.account === undefined || match.account === entry.account) &&
    (match.device === undefined || match.device === entry.device) &&
    (match.child === undefined || entry.path.some(path => path.split('/').includes(match.child ?? ''))) &&
    Object.entries(match.where ?? {}).every(([name, value]) => attrs[name] === value)
  )
}

/** A ping, or the empty answer to one, whose id does not say what it answers. */
function isKeepalive({ tag, attrs, path }: LedgerEntry): boolean {
  return tag === 'iq' && (path[0] === 'ping' || (attrs['type'] === 'result' && path.length === 0))
}

/** Describes a stanza as the ledger keeps it, without giving it a place in the ledger. */
export function describe(seq: number, direction: Direction, value: Node, party: Party): LedgerEntry {
  const paths = new Set<string>()
  collectPaths(value, '', 1, paths)
  const id = value.attrs['id']
  return {
    seq,
    at: Date.now(),
    direction,
    tag: value.tag,
    ...(id === undefined ? {} : { id }),
    ...party,
    attrs: { ...value.attrs },
    path: [...paths],
  }
}

/**
 * Every stanza that crossed the wire, in order, without a single content byte. A file gets the events around them as well;
 * `ledger-lines.ts` has its lines.
 */
export class Ledger implements AsyncDisposable {
  #entries: LedgerEntry[] = []
  #seq = 0
  readonly #waiters = new Waiters<LedgerEntry>()
  /** per account: when something other than a keepalive passed last */
  readonly #activity = new Map<string, number>()
  readonly #file: WriteStream | undefined
  #lines: string[] = []
  #closed = false

  constructor(file?: WriteStream) {
    this.#file = file
    this.#file?.on('error', error => this.#waiters.failAll(error))
  }

  /** Appends every stanza to `file` as well; its owner alone may read it. */
  static async open(file: string): Promise<Ledger> {
    const handle = await open(file, 'a', 0o600)
    return new Ledger(handle.createWriteStream())
  }

  /** Number of the newest entry; a `since` for "from now on". */
  get seq(): number {
    return this.#seq
  }

  record(direction: Direction, value: Node, party: Party): LedgerEntry {
    const entry = describe(++this.#seq, direction, value, party)
    this.#entries.push(entry)
    if (party.account !== undefined && !isKeepalive(entry)) this.#activity.set(party.account, entry.at)
    if (this.#entries.length > MEMORY_LIMIT * 1.2) this.#entries = this.#entries.slice(-MEMORY_LIMIT)
    const { at, ...rest } = entry
    if (this.#file) this.#append({ at, mono: monotonicMs(), kind: 'stanza', ...rest })
    this.#waiters.offer(entry)
    return entry
  }

  /** Notes in the file alone what nobody hears any more: tests that look for a stanza mean one that counts. */
  late(value: Node, party: Party): void {
    const { at, ...rest } = describe(++this.#seq, 'in', value, party)
    if (this.#file) this.#append({ at, mono: monotonicMs(), kind: 'stanza', ...rest, late: true })
  }

  /** Writes an event to the file, if there is one. */
  note(event: LedgerEvent): void {
    if (this.#file) this.#append({ at: Date.now(), mono: monotonicMs(), ...event })
  }

  /** Lines that come in one turn of the event loop leave in one write. */
  #append(line: object): void {
    if (this.#closed) return
    if (this.#lines.length === 0) setImmediate(() => this.#flush())
    this.#lines.push(JSON.stringify(line))
  }

  #flush(): void {
    if (this.#lines.length === 0) return
    this.#file?.write(`${this.#lines.join('\n')}\n`)
    this.#lines = []
  }

  entries(match: StanzaMatch = {}): LedgerEntry[] {
    return this.#entries.filter(entry => fits(entry, match))
  }

  /** When an account's devices last said or heard something, keepalives apart; milliseconds since the epoch. */
  lastActivity(account: string): number {
    return this.#activity.get(account) ?? 0
  }

  /** The first entry after `since` (default: the oldest remembered) that `accepts`, past or future. */
  async waitFor(
    accepts: (entry: LedgerEntry) => boolean,
    timeoutMs: number,
    since = 0,
    what = 'a stanza',
  ): Promise<LedgerEntry> {
    const past = this.#entries.find(entry => entry.seq > since && accepts(entry))
    return (
      past ??
      this.#waiters.wait(
        entry => entry.seq > since && accepts(entry),
        timeoutMs,
        () => what,
      )
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#waiters.failAll(new SimulatorError('stopped', 'the simulator stopped'))
    const file = this.#file
    this.#flush()
    if (file) await new Promise<void>(resolve => file.end(() => resolve()))
  }
}
