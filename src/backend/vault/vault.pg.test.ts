import { randomBytes, randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../../tests/support/template-database.js'
import { WorkspaceId } from '../../contract/ids.js'
import { createTenants, type TenantScope, type Tenants } from '../database/tenant-transaction.js'
import type { Cell, Sealer } from './sealer.js'
import { createVault, vaultLimits } from './vault.js'

const failing = (code: string): unknown => expect.objectContaining({ name: 'VaultError', code })

const secret = randomBytes(32)
const cell: Cell = { table: 'signal_keys', column: 'value', row: 'x' }
let opened: TestDatabase
let tenants: Tenants

beforeAll(async () => {
  opened = await openTestDatabase()
  tenants = createTenants(opened.database)
})
afterAll(() => opened[Symbol.asyncDispose]())

async function newWorkspace(): Promise<TenantScope> {
  const workspaceId = WorkspaceId.parse(randomUUID())
  await tenants.transact({ workspaceId }, tx =>
    tx.db
      .insertInto('workspaces')
      .values({ id: workspaceId, name: 'Test', slug: `w-${workspaceId}` })
      .execute(),
  )
  return { workspaceId }
}

const keysIn = (scope: TenantScope) =>
  tenants.read(scope, tx => tx.db.selectFrom('data_keys').selectAll().orderBy('created_at').execute())

class Unwanted extends Error {}

describe('a session key', () => {
  test('is made once and found again by this and other processes', async () => {
    const scope = await newWorkspace()
    const session = { ...scope, sessionId: randomUUID() }
    const vault = createVault({ secret })
    const sealed = await tenants.transact(scope, async tx => {
      const sealer = await vault.createSealer(tx, session)
      return sealer.seal(tx, cell, Buffer.from('noise key'))
    })
    for (const reader of [vault, vault, createVault({ secret })]) {
      const text = await tenants.read(scope, async tx => (await reader.sealer(tx, session)).open(tx, cell, sealed))
      expect(text.toString()).toBe('noise key')
    }
    const [row, ...others] = await keysIn(scope)
    expect(others).toEqual([])
    expect(row).toMatchObject({ session_id: session.sessionId, kek_id: vault.kekIds[0] })
  })

  test('is read from the database once', async () => {
    const scope = await newWorkspace()
    const session = { ...scope, sessionId: randomUUID() }
    const vault = createVault({ secret })
    await tenants.transact(scope, tx => vault.createSealer(tx, session))
    const first = await tenants.read(scope, tx => vault.sealer(tx, session))
    expect(await tenants.read(scope, tx => vault.sealer(tx, session))).toBe(first)
    vault.forget(session)
    expect(await tenants.read(scope, tx => vault.sealer(tx, session))).not.toBe(first)
  })

  test('of a transaction that rolled back is never used again', async () => {
    const scope = await newWorkspace()
    const session = { ...scope, sessionId: randomUUID() }
    const vault = createVault({ secret })
    let made: Sealer | undefined
    const rolledBack = tenants.transact(scope, async tx => {
      made = await vault.createSealer(tx, session)
      // Asked for again inside the same transaction: answered, but not remembered.
      expect((await vault.sealer(tx, session)).keyId).toBe(made.keyId)
      throw new Unwanted()
    })
    await expect(rolledBack).rejects.toThrow(Unwanted)
    await expect(tenants.read(scope, tx => vault.sealer(tx, session))).rejects.toThrow(failing('data_key_missing'))
    await tenants.transact(scope, tx => vault.createSealer(tx, session))
    const sealer = await tenants.read(scope, tx => vault.sealer(tx, session))
    expect(sealer.keyId).not.toBe(made?.keyId)
  })

  test('made anew seals from then on, and what the older one sealed still opens', async () => {
    const scope = await newWorkspace()
    const session = { ...scope, sessionId: randomUUID() }
    const vault = createVault({ secret })
    const sealed = await tenants.transact(scope, async tx =>
      (await vault.createSealer(tx, session)).seal(tx, cell, secret),
    )
    await tenants.read(scope, tx => vault.sealer(tx, session))
    const { keyId } = await tenants.transact(scope, tx => vault.createSealer(tx, session))
    const sealer = await tenants.read(scope, tx => vault.sealer(tx, session))
    expect(sealer.keyId).toBe(keyId)
    await expect(tenants.read(scope, tx => sealer.open(tx, cell, sealed))).resolves.toEqual(secret)
  })

  test('is refused with another secret, before anything is opened', async () => {
    const scope = await newWorkspace()
    const session = { ...scope, sessionId: randomUUID() }
    await tenants.transact(scope, tx => createVault({ secret }).createSealer(tx, session))
    const stranger = createVault({ secret: randomBytes(32) })
    await expect(tenants.read(scope, tx => stranger.sealer(tx, session))).rejects.toThrow(failing('wrong_key'))
  })

  test('moved to another session, or changed, is refused', async () => {
    const scope = await newWorkspace()
    const [one, other] = [randomUUID(), randomUUID()]
    const vault = createVault({ secret })
    await tenants.transact(scope, tx => vault.createSealer(tx, { ...scope, sessionId: one }))
    await tenants.transact(scope, tx => sql`update data_keys set session_id = ${other}`.execute(tx.db))
    const moved = tenants.read(scope, tx => vault.sealer(tx, { ...scope, sessionId: other }))
    await expect(moved).rejects.toThrow(failing('tampered'))
    await tenants.transact(scope, tx =>
      sql`update data_keys set session_id = ${one}, wrapped = set_byte(wrapped, 20, 255 - get_byte(wrapped, 20))`.execute(
        tx.db,
      ),
    )
    const changed = tenants.read(scope, tx => vault.sealer(tx, { ...scope, sessionId: one }))
    await expect(changed).rejects.toThrow(failing('tampered'))
  })

  test('is missing rather than borrowed in another workspace', async () => {
    const [mine, theirs] = [await newWorkspace(), await newWorkspace()]
    const sessionId = randomUUID()
    const vault = createVault({ secret })
    await tenants.transact(mine, tx => vault.createSealer(tx, { ...mine, sessionId }))
    const asked = tenants.read(theirs, tx => vault.sealer(tx, { ...theirs, sessionId }))
    await expect(asked).rejects.toThrow(failing('data_key_missing'))
  })
})

describe('a workspace key', () => {
  test('is made once, however many ask for it first', async () => {
    const scope = await newWorkspace()
    const vaults = Array.from({ length: 4 }, () => createVault({ secret }))
    let begun = 0
    const gate = new EventEmitter()
    const allBegun = once(gate, 'all begun')
    const sealers = await Promise.all(
      vaults.map(vault =>
        tenants.transact(scope, async tx => {
          begun += 1
          if (begun === vaults.length) gate.emit('all begun')
          await allBegun
          return vault.workspaceSealer(tx, scope.workspaceId)
        }),
      ),
    )
    expect(new Set(sealers.map(sealer => sealer.keyId)).size).toBe(1)
    expect(await keysIn(scope)).toHaveLength(1)
    const body = tenants.read(scope, async tx => {
      const sealed = (await sealers[0]?.sealJson(tx, cell, { body: 'hello' })) ?? Buffer.alloc(0)
      return sealers[3]?.openJson(tx, cell, sealed)
    })
    await expect(body).resolves.toEqual({ body: 'hello' })
  })

  test('of a first use that rolled back is made again', async () => {
    const scope = await newWorkspace()
    const vault = createVault({ secret })
    const rolledBack = tenants.transact(scope, async tx => {
      const { keyId } = await vault.workspaceSealer(tx, scope.workspaceId)
      expect((await vault.workspaceSealer(tx, scope.workspaceId)).keyId).toBe(keyId)
      throw new Unwanted()
    })
    await expect(rolledBack).rejects.toThrow(Unwanted)
    const { keyId } = await tenants.transact(scope, tx => vault.workspaceSealer(tx, scope.workspaceId))
    expect((await keysIn(scope)).map(row => row.id)).toEqual([keyId])
  })
})

test('without a transaction, what is known seals and opens, and nothing else does', async () => {
  const { workspaceId } = await newWorkspace()
  const scope = { workspaceId, sessionId: null }
  const limits = { ...vaultLimits, reportEvery: 2 }
  const vault = createVault({ secret }, limits)
  expect(vault.sealKnown(scope, cell, Buffer.from('x'))).toBeNull()
  await tenants.transact({ workspaceId }, tx => vault.workspaceSealer(tx, workspaceId))
  // read again after the commit that made it
  await tenants.transact({ workspaceId }, tx => vault.workspaceSealer(tx, workspaceId))
  const sealed = vault.sealKnown(scope, cell, Buffer.from('x')) ?? Buffer.alloc(0)
  expect(vault.openKnown(scope, cell, sealed)?.toString()).toBe('x')
  expect(() => vault.openKnown(scope, { ...cell, row: 'y' }, sealed)).toThrow(failing('tampered'))
  expect(createVault({ secret }).openKnown(scope, cell, sealed)).toBeNull()

  const other = createVault({ secret })
  await tenants.transact({ workspaceId }, tx => other.createSealer(tx, scope))
  const newer = await tenants.transact({ workspaceId }, async tx =>
    (await other.workspaceSealer(tx, workspaceId)).seal(tx, cell, Buffer.from('newer')),
  )
  expect(vault.openKnown(scope, cell, newer)).toBeNull()

  expect(vault.sealKnown(scope, cell, Buffer.from('second'))).not.toBeNull()
  // the others are to hear how much it has sealed
  expect(vault.sealKnown(scope, cell, Buffer.from('third'))).toBeNull()
  const late = createVault({ secret }, { ...vaultLimits, confirmEveryMs: -1 })
  await tenants.transact({ workspaceId }, tx => late.workspaceSealer(tx, workspaceId))
  expect(late.sealKnown(scope, cell, Buffer.from('x'))).toBeNull()
})

test('a reader never makes a key', async () => {
  const scope = await newWorkspace()
  const asked = tenants.read(scope, tx => createVault({ secret }).workspaceSealer(tx, scope.workspaceId))
  await expect(asked).rejects.toThrow(failing('data_key_missing'))
  expect(await keysIn(scope)).toEqual([])
})

test('a stored key shows neither itself nor the secret', async () => {
  const scope = await newWorkspace()
  const vault = createVault({ secret })
  await tenants.transact(scope, tx => vault.workspaceSealer(tx, scope.workspaceId))
  const [row] = await keysIn(scope)
  expect(row?.wrapped).toHaveLength(1 + 12 + 32 + 16)
  expect(JSON.stringify(row)).not.toContain(secret.toString('hex'))
})
