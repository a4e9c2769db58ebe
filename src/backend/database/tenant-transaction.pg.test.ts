import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { WorkspaceId } from '../../contract/ids.js'
import { openDatabase } from './database.js'
import { DatabaseUnavailableError } from './database-errors.js'
import { createTenants, type TenantReader, type Tenants, type TenantScope } from './tenant-transaction.js'
import { TransactionTimeoutError } from './transaction-errors.js'

let opened: TestDatabase
let tenants: Tenants
let a: TenantScope
let b: TenantScope

const newScope = (): TenantScope => ({ workspaceId: WorkspaceId.parse(randomUUID()) })

async function makeWorkspace(): Promise<TenantScope> {
  const scope = newScope()
  const id = scope.workspaceId
  await tenants.transact(scope, tx =>
    tx.db
      .insertInto('workspaces')
      .values({ id, name: 'Test', slug: `w-${id}` })
      .execute(),
  )
  return scope
}

const addUser = (scope: TenantScope, name: string) =>
  tenants.transact(scope, tx =>
    tx.db
      .insertInto('app_users')
      .values({ workspace_id: scope.workspaceId, name })
      .returning('id')
      .executeTakeFirstOrThrow(),
  )

const userNames = (scope: TenantScope) =>
  tenants.read(scope, async tx =>
    (await tx.db.selectFrom('app_users').select('name').orderBy('name').execute()).map(r => r.name),
  )

const settings = (tx: TenantReader) =>
  sql<{ user: string; workspace: string }>`
    select current_setting('app.user') as user, current_setting('app.workspace') as workspace`
    .execute(tx.db)
    .then(({ rows }) => rows[0])

beforeAll(async () => {
  opened = await openTestDatabase()
  tenants = createTenants(opened.database)
  a = await makeWorkspace()
  b = await makeWorkspace()
})
afterAll(() => opened[Symbol.asyncDispose]())

describe('tenant scope', () => {
  test('shows a tenant its own rows and nobody else', async () => {
    await addUser(a, 'Ada')
    expect(await userNames(a)).toContain('Ada')
    expect(await userNames(b)).toEqual([])
  })

  test('refuses a row for another tenant', async () => {
    const foreign = { workspace_id: a.workspaceId, name: 'Mallory' }
    await expect(
      tenants.transact(b, tx => tx.db.insertInto('app_users').values(foreign).execute()),
    ).rejects.toMatchObject({ code: 'database_refused', sqlState: '42501' })
  })

  test('passes the user on, and nothing of it to the next transaction', async () => {
    const userId = randomUUID()
    expect(await tenants.read({ ...a, userId }, settings)).toEqual({ user: userId, workspace: a.workspaceId })
    expect(await tenants.read(b, settings)).toEqual({ user: '', workspace: b.workspaceId })
  })

  test('refuses a scope that is not a UUID before anything is sent', async () => {
    const forged = { ...a, userId: `' ; drop table app_users; --` }
    await expect(async () => await tenants.read(forged, () => Promise.resolve(1))).rejects.toThrow(
      'A tenant scope holds UUIDs.',
    )
  })

  test('lists all tenants as ids only', async () => {
    expect(await tenants.allIds()).toEqual(expect.arrayContaining([a.workspaceId, b.workspaceId]))
  })

  test('shows no tenant rows to a transaction of the system', async () => {
    const seen = await opened.database.system(({ db }) => sql`select from app_users`.execute(db))
    expect(seen.rows).toHaveLength(0)
  })
})

describe('transaction', () => {
  test('keeps nothing when the callback throws', async () => {
    const failing = tenants.transact(a, async tx => {
      await tx.db.insertInto('app_users').values({ workspace_id: a.workspaceId, name: 'Ghost' }).execute()
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow(RangeError)
    expect(await userNames(a)).not.toContain('Ghost')
  })

  test('lets readers write nothing', async () => {
    const writing = tenants.read(a, tx => sql`update app_users set name = 'x'`.execute(tx.db))
    await expect(writing).rejects.toMatchObject({ code: 'database_refused', sqlState: '25006' })
  })

  test('gives a reader one snapshot', async () => {
    const counts = await tenants.read(a, async tx => {
      const count = async () => (await tx.db.selectFrom('app_users').select('id').execute()).length
      const before = await count()
      await addUser(a, 'Late')
      return [before, await count()]
    })
    expect(counts[0]).toBe(counts[1])
  })

  test('refuses a handle whose transaction has ended', async () => {
    let kept: TenantReader | undefined
    await tenants.read(a, async tx => {
      kept = tx
    })
    await expect(kept?.db.selectFrom('app_users').select('id').execute()).rejects.toMatchObject({
      code: 'transaction_ended',
    })
  })

  test('does not report success when a failure was swallowed', async () => {
    const swallowing = tenants.transact(a, async tx => {
      await tx.db.insertInto('app_users').values({ workspace_id: a.workspaceId, name: 'Lost' }).execute()
      await sql`select 1 / 0`.execute(tx.db).catch(() => {})
    })
    await expect(swallowing).rejects.toMatchObject({ code: 'transaction_aborted' })
    expect(await userNames(a)).not.toContain('Lost')
  })

  test('runs hooks in order after the commit, and none after a failure', async () => {
    const seen: string[] = []
    await tenants.transact(a, async tx => {
      tx.onCommit(async () => void seen.push((await userNames(a)).includes('Hooked') ? 'committed' : 'too early'))
      tx.onCommit(() => void seen.push('second'))
      await tx.db.insertInto('app_users').values({ workspace_id: a.workspaceId, name: 'Hooked' }).execute()
    })
    const failing = tenants.transact(a, async tx => {
      tx.onCommit(() => void seen.push('never'))
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow(RangeError)
    expect(seen).toEqual(['committed', 'second'])
  })

  test('reports a failing hook without undoing the commit', async () => {
    const reported: unknown[] = []
    const database = openDatabase({ url: opened.appUrl, onHookError: error => reported.push(error) })
    const failure = new RangeError('hook')
    const value = await createTenants(database).transact(a, async tx => {
      tx.onCommit(() => Promise.reject(failure))
      return 7
    })
    await database.close()
    expect([value, reported]).toEqual([7, [failure]])
  })

  test('retries a deadlock until both sides have committed', async () => {
    const [first, second] = [await addUser(a, 'D1'), await addUser(a, 'D2')]
    let waiting = 2
    const opener = new EventEmitter()
    const gate = once(opener, 'open')
    let runs = 0
    const cross = (order: string[]) =>
      tenants.transact(a, async tx => {
        runs += 1
        for (const [index, id] of order.entries()) {
          await tx.db.updateTable('app_users').set({ name: 'D' }).where('id', '=', id).execute()
          if (index === 0 && --waiting <= 0) opener.emit('open')
          if (index === 0) await gate
        }
      })
    await Promise.all([cross([first.id, second.id]), cross([second.id, first.id])])
    expect(runs).toBe(3)
  })

  test('gives up at its deadline and keeps nothing', async () => {
    const slow = tenants.transact(
      a,
      async tx => {
        await tx.db.insertInto('app_users').values({ workspace_id: a.workspaceId, name: 'Slow' }).execute()
        await new Promise(() => {})
      },
      { deadlineMs: 500 },
    )
    await expect(slow).rejects.toBeInstanceOf(TransactionTimeoutError)
    expect(await userNames(a)).not.toContain('Slow')
  })
})

describe('errors', () => {
  test('name what refused a statement but no value', async () => {
    const person = { workspace_id: a.workspaceId, lid: '555000111' }
    const add = () =>
      tenants.transact(a, tx =>
        tx.db
          .insertInto('people')
          .values({ ...person, phone_number: null })
          .execute(),
      )
    await add()
    await expect(add()).rejects.toMatchObject({
      code: 'database_refused',
      constraint: 'people_lid_key',
      message: 'The database refused a statement (23505, people, people_lid_key).',
    })
  })

  test('name a mistake in the statement', async () => {
    await expect(tenants.read(a, tx => sql`select nothing_here from people`.execute(tx.db))).rejects.toThrow(
      'column "nothing_here" does not exist',
    )
  })

  test('hide the address and password of a database that is not there', async () => {
    const url = new URL(opened.appUrl)
    url.port = '1'
    const database = openDatabase({ url: url.href })
    const error = await createTenants(database)
      .allIds()
      .catch((reason: unknown) => reason)
    await database.close()
    expect(error).toBeInstanceOf(DatabaseUnavailableError)
    const shown = JSON.stringify(error, Object.getOwnPropertyNames(error))
    expect(shown).not.toContain(url.password)
    expect(shown).not.toContain('127.0.0.1')
  })

  test('tell a connection that was cut, and serve the next transaction', async () => {
    const admin = new Client(opened.ownerUrl)
    await admin.connect()
    const cut = tenants.transact(a, async tx => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.db)
      await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      await sql`select 1`.execute(tx.db)
    })
    await expect(cut).rejects.toMatchObject({ code: 'database_unavailable', certain: true })
    await admin.end()
    await expect(userNames(a)).resolves.toContain('Ada')
  })
})

describe('event numbers', () => {
  test('follow the order of commits under load, without gaps', async () => {
    const scope = await makeWorkspace()
    const workspace_id = scope.workspaceId
    const append = () =>
      tenants.transact(scope, async tx => {
        const { rows } = await sql<{ seq: string }>`
          insert into event_counters values (${workspace_id}, 1)
          on conflict (workspace_id) do update set last_seq = event_counters.last_seq + 1 returning last_seq as seq`.execute(
          tx.db,
        )
        const seq = rows[0]?.seq ?? '0'
        await tx.db
          .insertInto('event_log')
          .values({ workspace_id, seq, event: 'test', data: Buffer.of(1), session_id: null })
          .execute()
      })
    const visible = () =>
      tenants.read(scope, tx => tx.db.selectFrom('event_log').select('seq').orderBy('seq').execute())
    const writing = new AbortController()
    const views: number[][] = []
    const watch = async () => {
      while (!writing.signal.aborted) views.push((await visible()).map(row => Number(row.seq)))
    }
    const watching = watch()
    await Promise.all(Array.from({ length: 40 }, append))
    writing.abort()
    await watching
    views.push((await visible()).map(row => Number(row.seq)))
    for (const view of views) expect(view).toEqual(view.map((_, index) => index + 1))
    expect(views.at(-1)).toHaveLength(40)
  })
})
