import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import { SCHEMA, type TenantSchema } from './schema.js'
import type { WriteQueries } from './transaction-queries.js'

/** As PostgreSQL reads it in text: a UUID, a number in digits, `{a,b}`. */
export type StatementValue = string | Buffer | null

/** A statement with what it is to be run with. `Row`: what it answers with. */
export type BoundStatement<Row> = {
  /** Of the statement: one text has one name. */
  readonly name: string
  readonly text: string
  readonly values: readonly StatementValue[]
  /** Never there: the type of the rows goes along with it. */
  readonly row?: Row
}

/** A statement that is written once and run often, so that neither this process nor the server reads its text each time. */
export type PreparedStatement<Values, Row> = (values: Values) => BoundStatement<Row>

class Slot {
  constructor(readonly of: string) {}
}

const compiler = new Kysely<TenantSchema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: kysely => new PostgresIntrospector(kysely),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
}).withSchema(SCHEMA)

let made = 0

/**
 * Compiles a statement, for `Tenants.readAtOnce` and `writeAtOnce`. Each connection keeps it from its first use on, so statements are made
 * where modules are, and never for a request. Plain `sql` in it names the schema.
 * @param build is given what stands for each value; it can be compared and stored, and not be looked at
 */
export function prepareStatement<Values extends Record<string, StatementValue>, Row>(
  build: (db: WriteQueries<TenantSchema>, values: Values) => Compilable<Row>,
): PreparedStatement<Values, Row> {
  const slots = new Proxy({} as Values, { get: (_, name) => new Slot(String(name)) })
  const { sql: text, parameters } = build(compiler, slots).compile()
  const name = `whizlite_${++made}`
  return given => ({ name, text, values: parameters.map(value => valueOf(value, given)) })
}

function valueOf(parameter: unknown, given: Record<string, StatementValue>): StatementValue {
  if (parameter instanceof Slot) return given[parameter.of] ?? null
  if (parameter === null || typeof parameter === 'string' || Buffer.isBuffer(parameter)) return parameter
  if (typeof parameter === 'number' || typeof parameter === 'boolean') return String(parameter)
  throw new TypeError('A prepared statement holds texts, numbers and bytes.')
}
