import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { type Client, escapeIdentifier as quote } from 'pg'
import { SYSTEM_TABLES } from '../../src/backend/database/isolation.js'
import { type Place, type Sample, SAMPLES } from './tenant-samples.js'

type Column = { name: string; type: string; kind: string; label: string | null; required: boolean }
export type PlaceName = 'private' | 'shown' | 'foreign'

/** For whom a transaction acts. */
export type Actor = { name: string; workspaceId: string | null; userId: string | null; manages?: true }

/** A table with one row in each place that its rows can tell apart. */
export type PlantedTable = { table: string; sample: Sample; columns: Column[]; rows: Map<PlaceName, string> }

const COLUMNS = `
  select a.attname as name, t.typname as type, t.typtype as kind,
    (select enumlabel from pg_enum where enumtypid = t.oid order by enumsortorder limit 1) as label,
    a.attidentity = '' and a.attgenerated = '' as required
  from pg_attribute a join pg_type t on t.oid = a.atttypid
  where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`

/** Checks would ask for values that only a domain knows; this database is a copy, and only row level security is on trial. */
const DROP_CHECKS = `
  do $$ declare found record; begin
    for found in select conrelid::regclass as relation, conname from pg_constraint
      where connamespace = 'whizlite'::regnamespace and contype = 'c' and conislocal
    loop execute format('alter table %s drop constraint %I', found.relation, found.conname); end loop;
  end $$`

const here = randomUUID()
const elsewhere = randomUUID()
const [ann, bob, ada, fay] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]

const place = (workspaceId: string, ownerId: string, visibility: Place['visibility']): Place => ({
  workspaceId,
  ownerId,
  visibility,
  sessionId: randomUUID(),
  personId: randomUUID(),
})

/** A member with nothing of their own. */
export const otherMember = bob

/** Ann's two sessions, and one of another workspace. */
export const places: Record<PlaceName, Place> = {
  private: place(here, ann, 'private'),
  shown: place(here, ann, 'workspace'),
  foreign: place(elsewhere, fay, 'workspace'),
}

export const actors: readonly Actor[] = [
  { name: 'the workspace itself', workspaceId: here, userId: null },
  { name: 'the owner of the session', workspaceId: here, userId: ann },
  { name: 'another member', workspaceId: here, userId: bob },
  { name: 'an admin', workspaceId: here, userId: ada, manages: true },
  { name: 'another workspace', workspaceId: elsewhere, userId: null },
  { name: 'a member of another workspace', workspaceId: elsewhere, userId: fay },
  { name: 'the owner in another workspace', workspaceId: elsewhere, userId: ann },
  { name: 'the owner without a workspace', workspaceId: null, userId: ann },
  { name: 'nobody', workspaceId: null, userId: null },
]

/** All tables that hold rows of tenants, partitions too, by name. */
export async function tenantTables(owner: Client): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'whizlite'::regnamespace and relkind in ('r', 'p') order by 1`,
  )
  return rows.map(({ name }) => name).filter(name => !SYSTEM_TABLES.has(name))
}

/** Plants rows as a superuser whose triggers and foreign keys sleep. @throws for a table that nobody has said anything about */
export async function plantScene(owner: Client): Promise<PlantedTable[]> {
  await owner.query(DROP_CHECKS)
  await owner.query('set session_replication_role = replica')
  const planted: PlantedTable[] = []
  for (const table of await tenantTables(owner)) planted.push(await plantTable(owner, table))
  await owner.query(
    `insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Bob', 'member'), ($1, $3, 'Ada', 'admin')`,
    [here, bob, ada],
  )
  return planted
}

/** @param as the table whose sample it follows: a partition's is its parent's */
export async function plantTable(owner: Client, table: string, as = table): Promise<PlantedTable> {
  const sample = SAMPLES.get(as)
  if (sample === undefined)
    throw new Error(`Table ${table} has no sample: say in tests/support/tenant-samples.ts what its rows hang on.`)
  const { rows: columns } = await owner.query<Column>(COLUMNS, [`whizlite.${quote(table)}`])
  const planted: PlantedTable = { table, sample, columns, rows: new Map() }
  for (const name of placesOf(sample)) {
    const { text, values } = insertInto(planted, name)
    const { rows } = await owner.query<{ ctid: string }>(`${text} returning ctid::text`, values)
    planted.rows.set(name, rows[0]?.ctid ?? '')
  }
  return planted
}

/** What hangs on no session has one row in a workspace. */
function placesOf({ hangsOn }: Sample): PlaceName[] {
  return hangsOn === 'session' || hangsOn === 'owner' ? ['private', 'shown', 'foreign'] : ['private', 'foreign']
}

/** @param only the columns that are filled; absent: all */
export function insertInto(
  { table, sample, columns }: PlantedTable,
  name: PlaceName,
  only: readonly string[] = columns.map(column => column.name),
): { text: string; values: unknown[] } {
  const known = sample.row(places[name])
  const filled = columns.filter(column => column.required && only.includes(column.name))
  const values = filled.map(column => (column.name in known ? known[column.name] : valueFor(column)))
  const names = filled.map(column => quote(column.name)).join(', ')
  return {
    text: `insert into ${quote(table)} (${names}) values (${values.map((_, index) => `$${index + 1}`).join(', ')})`,
    values,
  }
}

function valueFor({ type, kind, label }: Column): unknown {
  if (kind === 'e') return label
  if (type.startsWith('_')) return []
  switch (type) {
    case 'uuid':
      return randomUUID()
    case 'text':
    case 'varchar':
      return randomBytes(8).toString('hex')
    case 'bytea':
      return randomBytes(8)
    case 'bool':
      return true
    case 'int2':
    case 'int4':
    case 'int8':
    case 'numeric':
    case 'float8':
      return randomInt(1, 30_000)
    case 'timestamptz':
    case 'date':
      return new Date()
    case 'json':
    case 'jsonb':
      return '{}'
    case 'inet':
      return '127.0.0.1'
    case 'interval':
      return '1 second'
    default:
      throw new Error(`This test cannot make a value of type ${type}: teach it.`)
  }
}
