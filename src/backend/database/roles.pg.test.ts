import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type ClonedDatabase, cloneDatabase } from '../../../tests/support/template-database.js'
import { WorkspaceId } from '../../contract/ids.js'
import { appRoleName, appRolePassword, appRoleUrl } from './app-role-name.js'
import { openDatabase } from './database.js'
import { migrate } from './migrate.js'
import { prepareAppRole } from './roles.js'
import { createTenants } from './tenant-transaction.js'

const secret = randomBytes(32)
const leftovers: string[] = []

async function asAdmin<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const whoAmI = (url: string) =>
  asAdmin(url, async client => {
    const { rows } = await client.query<{ role: string; super: boolean; bypass: boolean }>(
      'select rolname as role, rolsuper as super, rolbypassrls as bypass from pg_roles where rolname = current_user',
    )
    return rows[0]
  })

/** A login role; dropped when the file is done. */
async function makeRole(rights = ''): Promise<{ name: string; at: (url: string) => string }> {
  const name = `role_${randomBytes(6).toString('hex')}`
  await asAdmin(inject('database').adminUrl, client => client.query(`create role ${name} login password 'p' ${rights}`))
  leftovers.push(name)
  return { name, at: url => Object.assign(new URL(url), { username: name, password: 'p' }).href }
}

let clone: ClonedDatabase

beforeEach(async () => {
  clone = await cloneDatabase()
})
afterEach(() => clone.drop())
afterAll(() =>
  asAdmin(inject('database').adminUrl, async client => {
    for (const name of leftovers) await client.query(`drop role if exists ${name}`)
  }),
)

/** The test's database, emptied, in the hands of an ordinary role. */
async function ownedDatabase(rights: string): Promise<string> {
  const owner = await makeRole(rights)
  const database = new URL(clone.ownerUrl).pathname.slice(1)
  await asAdmin(clone.ownerUrl, async client => {
    await client.query(`drop schema whizlite, whizlite_jobs cascade`)
    await client.query(`alter database ${database} owner to ${owner.name}`)
  })
  return owner.at(clone.ownerUrl)
}

const newWorkspace = () => WorkspaceId.parse(crypto.randomUUID())

async function useIt(url: string): Promise<void> {
  const database = openDatabase({ url, max: 2 })
  const tenants = createTenants(database)
  const ids = [newWorkspace(), newWorkspace()]
  for (const id of ids) {
    await tenants.transact({ workspaceId: id }, tx =>
      tx.db.insertInto('workspaces').values({ id, name: 'W', slug: id }).execute(),
    )
  }
  expect((await tenants.allIds()).toSorted()).toEqual(ids.toSorted())
  await database.close()
}

describe('prepareAppRole', () => {
  test('makes a role of its own for this database, without powers', async () => {
    const url = await prepareAppRole({ ownerUrl: clone.ownerUrl, secret })
    const database = new URL(clone.ownerUrl).pathname.slice(1)
    expect(await whoAmI(url)).toEqual({ role: `${database}_app`, super: false, bypass: false })
  })

  test('ends well when many nodes start at once, and again later', async () => {
    const options = { ownerUrl: clone.ownerUrl, secret }
    const urls = new Set(await Promise.all(Array.from({ length: 8 }, () => prepareAppRole(options))))
    urls.add(await prepareAppRole(options))
    expect(urls.size).toBe(1)
  })

  test('refuses another secret and changes nothing', async () => {
    const url = await prepareAppRole({ ownerUrl: clone.ownerUrl, secret })
    await expect(prepareAppRole({ ownerUrl: clone.ownerUrl, secret: randomBytes(32) })).rejects.toMatchObject({
      code: 'app_role_login_refused',
    })
    await expect(whoAmI(url)).resolves.toMatchObject({ super: false })
  })

  test.each([
    ['a superuser', 'superuser', 'superuser'],
    ['a role that bypasses row level security', 'bypassrls', 'bypassrls'],
    ['a role that may give itself rights', 'createrole', 'createrole'],
    ['a role that may stream the whole cluster', 'replication', 'replication'],
    ['a role that may read the server’s files', 'in role pg_read_server_files', 'server files'],
    ['a role that may run programs on the server', 'noinherit in role pg_execute_server_program', 'server files'],
  ])('refuses %s', async (_, rights, power) => {
    const role = await makeRole(rights)
    const preparing = prepareAppRole({ ownerUrl: clone.ownerUrl, secret, appUrl: role.at(clone.ownerUrl) })
    await expect(preparing).rejects.toMatchObject({
      code: 'app_role_too_powerful',
      message: expect.stringContaining(power),
    })
  })

  test('refuses a role that may take back what is only appended', async () => {
    const editor = await makeRole()
    await asAdmin(clone.ownerUrl, client => client.query(`grant delete on whizlite.audit_log to ${editor.name}`))
    const role = await makeRole(`noinherit in role ${editor.name}`)
    const preparing = prepareAppRole({ ownerUrl: clone.ownerUrl, secret, appUrl: role.at(clone.ownerUrl) })
    await expect(preparing).rejects.toMatchObject({
      code: 'tenant_table_unprotected',
      message: 'Table audit_log is append-only, and the process could delete what is there.',
    })
  })

  test('refuses a member of the role that owns the tables', async () => {
    const role = await makeRole('in role postgres')
    const preparing = prepareAppRole({ ownerUrl: clone.ownerUrl, secret, appUrl: role.at(clone.ownerUrl) })
    await expect(preparing).rejects.toMatchObject({
      code: 'app_role_too_powerful',
      message: expect.stringContaining('owner'),
    })
  })

  test.each([['inherit'], ['noinherit']])(
    'refuses a role that can become a powerful one over another (%s)',
    async how => {
      const powerful = await makeRole('bypassrls')
      const between = await makeRole(`${how} in role ${powerful.name}`)
      const role = await makeRole(`${how} in role ${between.name}`)
      const preparing = prepareAppRole({ ownerUrl: clone.ownerUrl, secret, appUrl: role.at(clone.ownerUrl) })
      await expect(preparing).rejects.toMatchObject({
        code: 'app_role_too_powerful',
        message: expect.stringContaining('bypassrls'),
      })
    },
  )

  test('refuses a powerful role that puts on a weak one when it logs in', async () => {
    const weak = await makeRole()
    const powerful = await makeRole(`superuser in role ${weak.name}`)
    const url = new URL(powerful.at(clone.ownerUrl))
    url.searchParams.set('options', `-c role=${weak.name}`)
    expect(await whoAmI(url.href)).toMatchObject({ role: weak.name, super: false })
    const preparing = prepareAppRole({ ownerUrl: clone.ownerUrl, secret, appUrl: url.href })
    await expect(preparing).rejects.toMatchObject({
      code: 'app_role_too_powerful',
      message: expect.stringContaining('superuser'),
    })
  })

  test('refuses the owner of a function that looks past the policies', async () => {
    const role = await makeRole()
    await asAdmin(clone.ownerUrl, client =>
      client.query(`alter function api_key_workspace(text) owner to ${role.name}`),
    )
    const preparing = prepareAppRole({ ownerUrl: clone.ownerUrl, secret, appUrl: role.at(clone.ownerUrl) })
    await expect(preparing).rejects.toMatchObject({ message: expect.stringContaining('owner') })
  })

  test('takes what a policy does not hold from a role that had it', async () => {
    const role = await makeRole()
    await asAdmin(clone.ownerUrl, client =>
      client.query(`grant truncate, references, trigger on all tables in schema whizlite to ${role.name}`),
    )
    await prepareAppRole({ ownerUrl: clone.ownerUrl, secret, appUrl: role.at(clone.ownerUrl) })
    const left = await asAdmin(clone.ownerUrl, client =>
      client.query(
        `select c.relname, p.kind from pg_class c, unnest(array['truncate', 'references', 'trigger']) as p (kind)
         where c.relnamespace = 'whizlite'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege($1, c.oid, p.kind)`,
        [role.name],
      ),
    )
    expect(left.rows).toEqual([])
  })

  test('refuses to work on a table without protection', async () => {
    await asAdmin(clone.ownerUrl, client => client.query('create table whizlite.leak (workspace_id uuid)'))
    await expect(prepareAppRole({ ownerUrl: clone.ownerUrl, secret })).rejects.toMatchObject({
      code: 'tenant_table_unprotected',
    })
  })

  test('shows no address or password when the database is not there', async () => {
    const url = new URL(clone.ownerUrl)
    url.port = '1'
    await expect(prepareAppRole({ ownerUrl: url.href, secret })).rejects.toMatchObject({ code: 'database_unavailable' })
  })
})

describe('under an owner without superuser rights', () => {
  test('migrates, makes the app role and works', async () => {
    const ownerUrl = await ownedDatabase('createrole')
    await migrate({ ownerUrl })
    await useIt(await prepareAppRole({ ownerUrl, secret }))
  })

  test('says what to do when it may not make the app role, and takes the one the operator made', async () => {
    const ownerUrl = await ownedDatabase('')
    await migrate({ ownerUrl })
    await expect(prepareAppRole({ ownerUrl, secret })).rejects.toMatchObject({ code: 'app_role_not_creatable' })
    const role = await makeRole()
    await useIt(await prepareAppRole({ ownerUrl, secret, appUrl: role.at(clone.ownerUrl) }))
  })
})

describe('the app role', () => {
  test('has a name that fits, different for every database', () => {
    const long = 'd'.repeat(63)
    expect(appRoleName('whiz')).toBe('whiz_app')
    expect(appRoleName(long)).toHaveLength(44)
    expect(appRoleName(long)).not.toBe(appRoleName(`${long.slice(1)}e`))
  })

  test('has a password that depends on secret and name', () => {
    const passwords = [
      appRolePassword(secret, 'a'),
      appRolePassword(secret, 'b'),
      appRolePassword(randomBytes(32), 'a'),
    ]
    expect(new Set(passwords).size).toBe(3)
    expect(appRolePassword(secret, 'a')).toBe(passwords[0])
  })

  test('keeps what a session pooler needs behind the user', () => {
    const pooled = 'postgres://postgres.ref123:x@pooler.example:5432/postgres?sslmode=require'
    const direct = 'postgres://postgres:x@db.example:5432/postgres'
    expect(appRoleUrl(pooled, 'postgres', 'w_app', 'pw')).toBe(
      'postgres://w_app.ref123:pw@pooler.example:5432/postgres?sslmode=require',
    )
    expect(appRoleUrl(direct, 'postgres', 'w_app', 'pw')).toBe('postgres://w_app:pw@db.example:5432/postgres')
  })
})
