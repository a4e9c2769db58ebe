import { randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { WorkspaceId } from '../../contract/ids.js'
import { createTenants, type Tenants } from '../database/tenant-transaction.js'
import { checkCanary } from '../vault/canary.js'
import { refuseToDropSecret } from '../vault/keys-left.js'
import { knownKeks, type Secrets } from '../vault/secrets.js'
import type { Cell } from '../vault/sealer.js'
import { createVault } from '../vault/vault.js'
import { keyStatus } from './key-status.js'
import { rotateSecret, type RewrapProgress } from './rotate-secret.js'

const cell: Cell = { table: 'signal_keys', column: 'value', row: 'x' }
const text = Buffer.from('what was sealed before')
const former = { secret: randomBytes(32) }
const both = { secret: randomBytes(32), previous: former.secret }
const after: Secrets = { secret: both.secret }
let opened: TestDatabase
let tenants: Tenants

beforeEach(async () => {
  opened = await openTestDatabase()
  tenants = createTenants(opened.database)
  await checkCanary(opened.database, former)
})
afterEach(() => opened[Symbol.asyncDispose]())

const rotate = (
  secrets: Secrets = both,
  onProgress: (progress: RewrapProgress) => void = () => {},
  signal?: AbortSignal,
) =>
  rotateSecret({
    database: opened.database,
    tenants,
    secrets,
    onProgress,
    signal: signal ?? new AbortController().signal,
  })

const status = (secrets: Secrets = both) => keyStatus({ database: opened.database, tenants, secrets })

type Sealed = { workspaceId: WorkspaceId; sessionId: string; sealed: Buffer }

async function newWorkspace(): Promise<WorkspaceId> {
  const workspaceId = WorkspaceId.parse(randomUUID())
  const values = { id: workspaceId, name: 'Test', slug: `w-${workspaceId}` }
  await tenants.transact({ workspaceId }, tx => tx.db.insertInto('workspaces').values(values).execute())
  return workspaceId
}

function sealWith(secrets: Secrets, workspaceId: WorkspaceId, count: number): Promise<Sealed[]> {
  const vault = createVault(secrets)
  return tenants.transact({ workspaceId }, async tx => {
    const all: Sealed[] = []
    for (let n = 0; n < count; n++) {
      const sessionId = randomUUID()
      const sealer = await vault.createSealer(tx, { workspaceId, sessionId })
      all.push({ workspaceId, sessionId, sealed: await sealer.seal(tx, cell, text) })
    }
    return all
  })
}

async function expectOpen(secrets: Secrets, sealed: readonly Sealed[]): Promise<void> {
  const vault = createVault(secrets)
  for (const { workspaceId, sessionId, sealed: bytes } of sealed) {
    const reading = tenants.read({ workspaceId }, async tx =>
      (await vault.sealer(tx, { workspaceId, sessionId })).open(tx, cell, bytes),
    )
    await expect(reading).resolves.toEqual(text)
  }
}

const node = (kekIds: readonly string[] | null) =>
  opened.database.system(({ db }) =>
    sql`insert into nodes (id, lease_until, name, kek_ids)
      values (gen_random_uuid(), clock_timestamp() + interval '1 hour', 'berlin-1', ${kekIds})`.execute(db),
  )

test('everything is put under the new secret, and the former one opens nothing any more', async () => {
  const [one, two] = [await newWorkspace(), await newWorkspace()]
  const sealed = [...(await sealWith(former, one, 450)), ...(await sealWith(former, two, 3))]
  const told: RewrapProgress[] = []
  await expect(rotate(both, progress => told.push(progress))).resolves.toEqual({
    rewrapped: 453,
    left: 0,
    unreadable: 0,
  })
  expect(told.filter(({ workspaceId }) => workspaceId === one)).toEqual([
    { workspaceId: one, done: 200, left: 250 },
    { workspaceId: one, done: 400, left: 50 },
    { workspaceId: one, done: 450, left: 0 },
  ])
  await expectOpen(after, sealed.slice(-10))

  const old = knownKeks(former).own
  const rows = (await Promise.all([one, two].map(workspaceId => keysOf(workspaceId)))).flat()
  expect(rows).toHaveLength(453)
  for (const { workspace_id: workspaceId, id, session_id: sessionId, wrapped } of rows) {
    expect(() => old.unwrap({ workspaceId, sessionId }, id, wrapped)).toThrow(
      expect.objectContaining({ code: 'tampered' }),
    )
  }
  await expect(checkCanary(opened.database, former)).rejects.toMatchObject({ code: 'wrong_key' })
  await expect(rotate()).resolves.toEqual({ rewrapped: 0, left: 0, unreadable: 0 })
})

const keysOf = (workspaceId: WorkspaceId) =>
  tenants.read({ workspaceId }, tx => tx.db.selectFrom('data_keys').selectAll().execute())

test('until it is asked for, nodes with both secrets wrap with the former one, for those that have nothing else', async () => {
  const workspaceId = await newWorkspace()
  const sealed = await sealWith(both, workspaceId, 1)
  await expectOpen(former, sealed)
  await rotate()
  await expectOpen(after, await sealWith(both, workspaceId, 1))
})

test('a node that has the former secret alone keeps it from being replaced', async () => {
  const workspaceId = await newWorkspace()
  await sealWith(former, workspaceId, 1)
  await node(knownKeks(former).ids)
  const refused = rotate()
  await expect(refused).rejects.toMatchObject({ code: 'nodes_without_secret', nodes: ['berlin-1'] })
  await expect(status()).resolves.toMatchObject({
    secrets: { inUse: knownKeks(former).own.id },
    nodes: [{ node: 'berlin-1', ready: false }],
    wrapped: [{ is: 'previous', keys: 1 }],
  })
  await opened.database.system(({ db }) => sql`delete from nodes`.execute(db))
  await node(null)
  await expect(rotate()).rejects.toMatchObject({ code: 'nodes_without_secret' })
  await opened.database.system(({ db }) => sql`delete from nodes`.execute(db))
  await node(knownKeks(both).ids)
  await expect(rotate()).resolves.toMatchObject({ rewrapped: 1, left: 0 })
  await expect(status()).resolves.toMatchObject({
    secrets: { inUse: knownKeks(both).own.id },
    nodes: [{ ready: true }],
  })
})

test('left off in the middle it goes on, beside another one, and the former secret may not be dropped before', async () => {
  const workspaceId = await newWorkspace()
  const sealed = await sealWith(former, workspaceId, 500)
  const stopped = new AbortController()
  const first = await rotate(both, () => stopped.abort(), stopped.signal)
  expect(first).toEqual({ rewrapped: 200, left: 300, unreadable: 0 })
  await expectOpen(both, sealed.slice(0, 5))

  await expect(refuseToDropSecret(opened.database, after)).rejects.toMatchObject({
    code: 'secret_still_needed',
    message: expect.stringMatching(/opens 300 stored data keys of at least 1 workspace/),
  })
  await expect(refuseToDropSecret(opened.database, both)).resolves.toBeUndefined()
  const reports = await Promise.all([rotate(), rotate(), rotate()])
  expect(reports.map(({ left }) => left)).toEqual([0, 0, 0])
  expect(reports.reduce((total, { rewrapped }) => total + rewrapped, 0)).toBe(300)
  await expect(refuseToDropSecret(opened.database, after)).resolves.toBeUndefined()
  await expectOpen(after, sealed.slice(0, 5))
})

test('a damaged key is counted, left as it is, and keeps no other back', async () => {
  const workspaceId = await newWorkspace()
  const [damaged, ...others] = await sealWith(former, workspaceId, 3)
  await tenants.transact({ workspaceId }, tx =>
    sql`update data_keys set wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20))
      where session_id = ${damaged?.sessionId ?? ''}`.execute(tx.db),
  )
  const before = (await keysOf(workspaceId)).find(({ session_id }) => session_id === damaged?.sessionId)
  await expect(rotate()).resolves.toEqual({ rewrapped: 2, left: 1, unreadable: 1 })
  expect((await keysOf(workspaceId)).find(({ id }) => id === before?.id)).toEqual(before)
  await expectOpen(after, others)
})

test('a key that is being made with the former secret is waited for', async () => {
  const workspaceId = await newWorkspace()
  const vault = createVault(both)
  const sessionId = randomUUID()
  let rotated = false
  let rotating: Promise<unknown> = Promise.resolve()
  await tenants.transact({ workspaceId }, async tx => {
    await vault.createSealer(tx, { workspaceId, sessionId })
    rotating = rotate().then(report => {
      rotated = true
      return report
    })
    await expect
      .poll(async () => {
        const { rows } = await opened.database.system(({ db }) =>
          sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db),
        )
        return rows.length
      })
      .toBe(1)
    expect(rotated).toBe(false)
  })
  await expect(rotating).resolves.toEqual({ rewrapped: 1, left: 0, unreadable: 0 })
})
