import { type Connection, type FieldDef, type Submittable, types } from 'pg'
import type { BoundStatement } from './prepared-statement.js'

type Column = { name: string; read: (text: string) => unknown }

/** What a connection keeps of a statement. `doubtful`: one that was sent with others of which one failed. */
type Known = readonly Column[] | 'doubtful'

const ofConnections = new WeakMap<Connection, Map<string, Known>>()

/**
 * Several statements in one message to the server, and one back. The server runs all of them in one transaction, which it commits when the
 * last is done and rolls back when any fails; what they set for the transaction ends with it. Handed to pg's client as a query of its own
 * kind. Source: PostgreSQL, "Message Flow", "Extended Query" and "Pipelining"; node-postgres, Submittable.
 */
export class OneMessage implements Submittable {
  readonly #statements: readonly BoundStatement<unknown>[]
  readonly #settle: { resolve: (rows: unknown[][]) => void; reject: (error: unknown) => void }
  readonly #rows: unknown[][]
  /** Of statements that the connection did not know. */
  readonly #described = new Map<string, readonly Column[]>()
  #known = new Map<string, Known>()
  #at = 0
  #columns: readonly Column[] | null = null

  /** @param settle told once: of the rows of each statement after the commit, or of what went wrong */
  constructor(
    statements: readonly BoundStatement<unknown>[],
    settle: { resolve: (rows: unknown[][]) => void; reject: (error: unknown) => void },
  ) {
    this.#statements = statements
    this.#settle = settle
    this.#rows = statements.map(() => [])
  }

  submit = (connection: Connection): void => {
    const known = ofConnections.get(connection) ?? new Map<string, Known>()
    ofConnections.set(connection, known)
    this.#known = known
    connection.stream.cork()
    try {
      for (const { name, text, values } of this.#statements) {
        const kept = known.get(name)
        const isNew = (kept === undefined || kept === 'doubtful') && !this.#described.has(name)
        if (isNew && kept === 'doubtful') connection.close({ type: 'S', name }, true)
        if (isNew) connection.parse({ name, text, types: [] }, true)
        connection.bind({ statement: name, values: [...values] }, true)
        if (isNew) connection.describe({ type: 'P' }, true)
        if (isNew) this.#described.set(name, [])
        connection.execute(null, true)
      }
      connection.sync()
    } finally {
      connection.stream.uncork()
    }
  }

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    const name = this.#statements[this.#at]?.name ?? ''
    const columns = fields.map(field => ({ name: field.name, read: types.getTypeParser(field.dataTypeID, 'text') }))
    this.#described.set(name, columns)
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#columns ??= this.#columnsOf(this.#statements[this.#at]?.name ?? '')
    const row: Record<string, unknown> = {}
    let index = 0
    for (const { name, read } of this.#columns) {
      const text = fields[index++] ?? null
      row[name] = text === null ? null : read(text)
    }
    this.#rows[this.#at]?.push(row)
  }

  handleCommandComplete(): void {
    this.#at += 1
    this.#columns = null
  }

  /** A statement outlives the transaction that it was sent in, and nobody can say which of them were kept. */
  handleError(error: unknown): void {
    for (const { name } of this.#statements) this.#known.set(name, 'doubtful')
    this.#settle.reject(error)
  }

  handleReadyForQuery(): void {
    for (const [name, columns] of this.#described) this.#known.set(name, columns)
    this.#settle.resolve(this.#rows)
  }

  #columnsOf(name: string): readonly Column[] {
    const known = this.#described.get(name) ?? this.#known.get(name)
    return known === undefined || known === 'doubtful' ? [] : known
  }
}
