import pg from 'pg'

type Column = { table: string; column: string }

const tables = `
  select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as "table"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1`

const columns = `
  select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as "table", quote_ident(a.attname) as "column"
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.attstorage in ('x', 'm')
    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

/** The whole of a database, looked at by its owner. */
export class DatabaseText implements AsyncDisposable {
  private constructor(readonly client: pg.Client) {}

  static async open(url: string): Promise<DatabaseText> {
    const client = new pg.Client(url)
    await client.connect()
    return new DatabaseText(client)
  }

  /** Stores every value as it is from now on: what PostgreSQL compresses, a search of its files would not find. */
  async compressNothing(): Promise<void> {
    const { rows } = await this.client.query<Column>(columns)
    for (const { table, column } of rows) {
      await this.client.query(`alter table ${table} alter column ${column} set storage external`)
    }
  }

  /** Every row of every table in the form that a dump has, table by table. */
  async dump(): Promise<{ table: string; text: string }[]> {
    const dumped: { table: string; text: string }[] = []
    const { rows } = await this.client.query<{ table: string }>(tables)
    for (const { table } of rows) {
      const contents = await this.client.query<{ line: string }>(`select t::text as line from ${table} t`)
      dumped.push({ table, text: contents.rows.map(({ line }) => line).join('\n') })
    }
    return dumped
  }

  /** Everything that is in memory goes to its files. */
  async writeOut(): Promise<void> {
    await this.client.query('checkpoint')
    await this.client.query('select pg_switch_wal()')
    await this.client.query('checkpoint')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end()
  }
}
