import {
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import type { ClientBase } from 'pg'
import { asDatabaseError } from './database-errors.js'
import { TransactionEndedError } from './transaction-errors.js'

/** Statements that read. `sql` templates run with `.execute(db)`. */
export type ReadQueries<Schema> = Pick<Kysely<Schema>, 'selectFrom' | 'with' | 'withRecursive' | 'fn' | 'getExecutor'>

/** Statements that read and write. */
export type WriteQueries<Schema> = ReadQueries<Schema> &
  Pick<Kysely<Schema>, 'insertInto' | 'updateTable' | 'deleteFrom' | 'mergeInto'>

/** The one connection of a transaction, as a query builder that stops working when the transaction ends. */
export type TransactionQueries<Schema> = { db: Kysely<Schema>; end: () => void }

export function transactionQueries<Schema>(client: ClientBase): TransactionQueries<Schema> {
  const connection = new TransactionConnection(client)
  const db = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createIntrospector: kysely => new PostgresIntrospector(kysely),
      createDriver: () => new TransactionDriver(connection),
    },
  })
  return { db, end: () => connection.end() }
}

class TransactionConnection implements DatabaseConnection {
  readonly #client: ClientBase
  #ended = false

  constructor(client: ClientBase) {
    this.#client = client
  }

  end(): void {
    this.#ended = true
  }

  async executeQuery<R>(query: { sql: string; parameters: readonly unknown[] }): Promise<QueryResult<R>> {
    // Checked here, as the statement leaves, because the connection may by then serve another tenant.
    if (this.#ended) throw new TransactionEndedError()
    try {
      const { command, rowCount, rows } = await this.#client.query(query.sql, [...query.parameters])
      const counts = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(command)
      return counts ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows }
    } catch (error) {
      throw asDatabaseError(error)
    }
  }

  streamQuery(): AsyncIterableIterator<never> {
    throw new TypeError('Streaming is not offered: read pages by key.')
  }
}

/** Begin, commit and rollback belong to `transaction.ts`, so that no callback can end its own transaction. */
class TransactionDriver implements Driver {
  constructor(private readonly connection: TransactionConnection) {}

  acquireConnection = (): Promise<DatabaseConnection> => Promise.resolve(this.connection)
  releaseConnection = (): Promise<void> => Promise.resolve()
  init = (): Promise<void> => Promise.resolve()
  destroy = (): Promise<void> => Promise.resolve()
  beginTransaction = (): Promise<void> => Promise.reject(new TypeError('A transaction is already open.'))
  commitTransaction = this.beginTransaction
  rollbackTransaction = this.beginTransaction
}
