/** The tables of a login, which spans workspaces, each with the column that says whose row it is: theirs alone. */
export const LOGIN_TABLES: ReadonlyMap<string, string> = new Map([
  ['logins', 'id'],
  ['refresh_families', 'login_id'],
  ['refresh_tokens', 'login_id'],
])

/** The column that says whose row it is. The id of a workspace is the tenant itself. */
export const tenantColumnOf = (table: string): string =>
  LOGIN_TABLES.get(table) ?? (table === 'workspaces' ? 'id' : 'workspace_id')

const setting = (name: string): string => `NULLIF(current_setting('${name}'::text, true), ''::text)`
const nobody = `(${setting('app.user')} IS NULL)`
const user = `(${setting('app.user')})::uuid`

const tenantOf = (table: string): string =>
  `(${tenantColumnOf(table)} = (${setting(LOGIN_TABLES.has(table) ? 'app.user' : 'app.workspace')})::uuid)`

/** What a row hangs on must be seen itself: a function, because a subquery is planned with every statement, whoever it is for. */
const seesSession = 'sees_session(workspace_id, session_id)'
const seesLink = 'sees_link(workspace_id, session_id)'

/** What these functions do. As the caller: as their owner they would see all. */
const askedFunctions: ReadonlyMap<string, string> = new Map(
  [
    ['sees_session', 'sessions s', 's.workspace_id = p_workspace and s.id = p_session'],
    ['sees_link', 'link_attempts a', 'a.workspace_id = p_workspace and a.session_id = p_session'],
    ['sees_person', 'sessions s', 's.workspace_id = p_workspace and s.person_id = p_person'],
  ].map(([name = '', table, where]) => [
    name,
    `begin return exists (select from whizlite.${table} where ${where}); end`,
  ]),
)

/**
 * Functions that run as the owner of the tables, past every policy, and what each of them gives out: ids, counts, times and names of keys, never
 * a row. Adding one here is a decision to review.
 */
const definerFunctions: ReadonlyMap<string, string> = new Map([
  ['all_workspace_ids()', 'SETOF uuid'],
  ['api_key_workspace(p_id text)', 'uuid'],
  ['audit_chain()', 'trigger'],
  ['audit_end()', 'trigger'],
  [
    'claim_sessions(p_node uuid, p_most integer, p_grace interval, p_patience interval)',
    'TABLE(session uuid, workspace uuid, claimed_epoch bigint, priority text)',
  ],
  ['data_keys_by_kek()', 'TABLE(kek text, workspaces bigint, keys bigint)'],
  ['forget_sign_ins(p_limit bigint)', 'bigint'],
  ['gateway_backlog()', 'TABLE(waiting bigint, oldest_seconds double precision, pre_keys_low bigint)'],
  ['invitation_workspace(p_hash bytea)', 'uuid'],
  ['login_by_email(p_email text)', 'uuid'],
  ['login_by_password_link(p_hash bytea)', 'uuid'],
  ['login_by_refresh_hash(p_hash bytea)', 'uuid'],
  ['logins_sealed_otherwise(p_key uuid)', 'SETOF uuid'],
  ['logins_to_look_at(p_days integer, p_limit bigint)', 'SETOF uuid'],
  ['long_reconnecting(p_seconds double precision, p_limit integer)', 'TABLE(workspace uuid, session uuid)'],
  [
    'overdue_links(p_node uuid, p_preparing double precision, p_delivering double precision)',
    'TABLE(workspace uuid, session uuid)',
  ],
  ['spread_login_email()', 'void'],
  ['workspaces_of_login()', 'SETOF uuid'],
])

const fixedPath = 'search_path=whizlite, pg_temp'

export type FunctionRow = {
  name: string
  arguments: string
  result: string
  source: string
  definer: boolean
  settings: string[] | null
}

/** @returns a sentence for each thing that is wrong: one that a policy asks and that answers more, one that runs as its owner and is not known to */
export function functionFaults(row: FunctionRow): string[] {
  const { name, arguments: takes, result, source, definer, settings } = row
  const expected = askedFunctions.get(name)
  if (expected !== undefined && (definer || source.replaceAll(/\s+/g, ' ').trim() !== expected)) {
    return [`Function ${name} does not ask the policies who sees what.`]
  }
  if (!definer) return []
  const faults: string[] = []
  if (definerFunctions.get(`${name}(${takes})`) !== result) {
    faults.push(`Function ${name}(${takes}) runs as the owner of the tables and is not known to return ${result}.`)
  }
  if (settings?.join() !== fixedPath) faults.push(`Function ${name} is a security definer without a fixed search path.`)
  return faults
}

const own = (column: string): string => `(${column} = ${user})`

const manages = (table: string): string =>
  `(EXISTS ( SELECT FROM app_users u WHERE ((u.workspace_id = ${table}.workspace_id) AND (u.id = ${user}) AND ` +
  `(u.role = ANY (ARRAY['owner'::text, 'admin'::text])) AND (u.suspended_at IS NULL))))`

/** Which members see a row, where a transaction acts for one. Empty: the table's rows are every member's. */
function memberForms(table: string, columns: readonly string[]): string[] {
  if (table === 'sessions') return [`${own('owner_id')} OR (visibility = 'workspace'::text)`]
  if (table === 'link_attempts') return [own('owner_id')]
  if (table === 'people') return ['sees_person(workspace_id, id)']
  const forms: string[] = []
  if (columns.includes('session_id')) forms.push(seesSession, `(session_id IS NULL) OR ${seesSession} OR ${seesLink}`)
  if (columns.includes('user_id')) forms.push(own('user_id'), `${own('user_id')} OR ${manages(table)}`)
  return forms
}

/** What only its owner does to a row that others see. */
const ownersAlone: ReadonlyMap<string, { column: string; commands: readonly string[] }> = new Map([
  ['sessions', { column: 'owner_id', commands: ['a', 'd'] }],
  ['api_keys', { column: 'user_id', commands: ['a'] }],
  ['audit_log', { column: 'user_id', commands: ['a'] }],
])

export type PolicyRow = {
  table: string
  policy: string
  permissive: boolean
  /** r(ead), a(dd), w(rite), d(elete), * all. */
  command: string
  using: string | null
  check: string | null
}

/**
 * What the policies of one table leave open. Permissive ones add up, so each of them must hold the tenant, and the member where a row hangs on a
 * session or belongs to one; restrictive ones are asked for where members see what is not theirs.
 */
export function policyFaults(table: string, columns: readonly string[], policies: readonly PolicyRow[]): string[] {
  const permissive = policies.filter(policy => policy.permissive)
  if (permissive.length === 0) return [`Table ${table} has no policy.`]
  return [
    ...permissive.flatMap(policy => permissiveFaults(table, columns, policy)),
    ...restrictiveFaults(
      table,
      policies.filter(policy => !policy.permissive),
    ),
  ]
}

function permissiveFaults(table: string, columns: readonly string[], policy: PolicyRow): string[] {
  const tenant = tenantOf(table)
  const forms = memberForms(table, columns).map(form => `(${tenant} AND (${nobody} OR ${form}))`)
  const faults: string[] = []
  const look = (expression: string | null, clause: string): void => {
    const text = plain(expression)
    if (text !== tenant && !text.startsWith(`(${tenant} AND `)) {
      faults.push(`Policy ${policy.policy} on ${table} has no ${clause} on app.workspace.`)
    } else if (forms.length > 0 && !forms.includes(text)) {
      faults.push(`Policy ${policy.policy} on ${table} has no ${clause} on app.user.`)
    }
  }
  if (policy.command !== 'a') look(policy.using, 'USING')
  if ('*aw'.includes(policy.command)) look(policy.check, 'WITH CHECK')
  return faults
}

function restrictiveFaults(table: string, policies: readonly PolicyRow[]): string[] {
  const { column = '', commands = [] } = ownersAlone.get(table) ?? {}
  const condition = `(${nobody} OR ${own(column)})`
  const held = (command: string): boolean =>
    policies.some(
      policy => policy.command === command && plain(command === 'a' ? policy.check : policy.using) === condition,
    )
  return commands
    .filter(command => !held(command))
    .map(command => `Table ${table} lets members ${command === 'a' ? 'add' : 'delete'} what is not theirs.`)
}

/** As PostgreSQL prints an expression, on one line, with the names of our own schema plain. */
const plain = (expression: string | null): string =>
  (expression ?? '').replaceAll(/\s+/g, ' ').replaceAll(/\bwhizlite\./g, '')
