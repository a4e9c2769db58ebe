import type { ClientBase } from 'pg'
import { SCHEMA } from './schema.js'

/**
 * All that decides who sees what, line by line, as PostgreSQL prints it. Versions compare what each of them reads here: it stays as it is, or an
 * older version no longer believes a newer one.
 */
const LINES = `
  select format('%s %s %s %s %s', c.relkind, c.relname, c.relrowsecurity, c.relforcerowsecurity,
      array(select o from unnest(c.reloptions) as o where o like 'security%')) as line
    from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
  union all
  select format('column %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod))
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
  union all
  select format('view %s %s', c.relname, pg_get_viewdef(c.oid))
    from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('v', 'm')
  union all
  select format('policy %s %s %s %s %s %s %s', c.relname, p.polname, p.polpermissive, p.polcmd, p.polroles = array[c.relowner],
      pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace = $1::regnamespace
  union all
  select format('index %s', pg_get_indexdef(i.indexrelid))
    from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = $1::regnamespace and i.indisunique
  union all
  select format('constraint %s %s %s', c.relname, f.conname, pg_get_constraintdef(f.oid))
    from pg_constraint f join pg_class c on c.oid = f.conrelid where c.relnamespace = $1::regnamespace and f.contype = 'f'
  union all
  select format('trigger %s %s', t.tgenabled, pg_get_triggerdef(t.oid))
    from pg_trigger t join pg_class c on c.oid = t.tgrelid where c.relnamespace = $1::regnamespace and not t.tgisinternal
  union all
  select format('function %s', pg_get_functiondef(f.oid))
    from pg_proc f where f.pronamespace = $1::regnamespace and f.prokind in ('f', 'p')`

const PRINT = `
  select encode(sha256(convert_to(string_agg(line, E'\\n' order by line collate "C"), 'UTF8')), 'hex') as print from (${LINES}) as lines`

const metaKey = 'isolation_vouched'

/**
 * Notes that the schema, exactly as it is, was looked over and found whole by a version that knows all of it.
 * @param client of the owner: nobody else can change what this is about either
 */
export async function vouch(client: ClientBase): Promise<void> {
  await client.query(
    `insert into ${SCHEMA}.meta (key, value) values ($1, $2)
     on conflict (key) do update set value = excluded.value where meta.value <> excluded.value`,
    [metaKey, await print(client)],
  )
}

/** Whether the schema still is the one that the newest version which has started here vouched for. */
export async function isVouched(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ value: string }>(`select value from ${SCHEMA}.meta where key = $1`, [metaKey])
  return rows[0]?.value === (await print(client))
}

/** Under a search path of its own, on which depends how names are printed. */
async function print(client: ClientBase): Promise<string> {
  await client.query('begin; set local search_path to pg_catalog')
  try {
    const { rows } = await client.query<{ print: string }>(PRINT, [SCHEMA])
    return rows[0]?.print ?? ''
  } finally {
    await client.query('rollback')
  }
}
