import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway
let rows: Rows

beforeAll(async () => {
  gateway = await TestGateway.start()
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

type Connected = { role: string; owns: boolean; passes: boolean }

const connected = () =>
  rows.query<Connected>(`
    select distinct a.usename as role, r.rolsuper or r.rolbypassrls as passes,
      exists (select from pg_class c where c.relnamespace = 'whizlite'::regnamespace and pg_has_role(r.oid, c.relowner, 'member')) as owns
    from pg_stat_activity a join pg_roles r on r.rolname = a.usename
    where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend'`)

test('every connection of a running process is one that row level security holds', async () => {
  const database = new URL(gateway.database.ownerUrl).pathname.slice(1)
  await gateway.visitor().request('GET', '/health')
  // whoever migrated has gone
  await vi.waitFor(
    async () => expect(await connected()).toEqual([{ role: `${database}_app`, passes: false, owns: false }]),
    { timeout: 10_000 },
  )
})
