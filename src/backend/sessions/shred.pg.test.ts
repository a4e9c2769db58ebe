import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CleanupRig } from '../../../tests/support/cleanup-rig.js'
import { DatabaseText } from '../../../tests/support/database-text.js'
import { find, sought } from '../../../tests/support/secret-search.js'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import { createKeyStore, loadKeyStore } from '../engine/postgres-keystore.js'
import type { Fence } from '../leases/fence.js'
import { lockLease, reopenLease } from '../leases/session-leases.js'
import { storeString } from '../linking/delivery.js'
import { enqueueMessage } from '../outbox/outbox-store.js'
import { createVault } from '../vault/vault.js'
import type { SessionIdString } from '../../session/index.js'
import { quarantine } from './quarantine.js'
import { lockPersonOf } from './sessions-store.js'
import { shredDue } from './shred.js'

let rig: CleanupRig
let workspaceId: WorkspaceId

beforeAll(async () => {
  rig = await CleanupRig.open()
  workspaceId = await rig.workspace()
})

afterAll(() => rig[Symbol.asyncDispose]())

const sealedTables = [
  'data_keys',
  'session_credentials',
  'signal_keys',
  'inbound_journal',
  'session_strings',
  'outbox_messages',
]
const secretOf = {
  credentials: 'noise key of the device',
  key: 'ratchet of a chat',
  journal: 'hello from a friend',
  string: 'WHIZLITE_secret',
  message: 'bytes on their way',
}

/** Everything that a session can have stored, through the code that stores it. */
async function fill(sessionId: SessionId): Promise<Fence> {
  return rig.tenants.transact({ workspaceId }, async tx => {
    const sealer = await rig.vault.createSealer(tx, { workspaceId, sessionId })
    const fence = await reopenLease(tx, sessionId, '00000000-0000-4000-8000-000000000001')
    const [row] = await rig.rows.query<{ person_id: string }>('select person_id from sessions where id = $1', [
      sessionId,
    ])
    const string = secretOf.string as SessionIdString
    await storeString(tx, sealer, { person_id: row?.person_id ?? '', sessionId, string })
    const built = { to: '254700000001@s.whatsapp.net', waMessageId: 'A1', proto: Buffer.from(secretOf.message) }
    await enqueueMessage(tx, sealer, sessionId, { kind: 'notice', built })
    tx.onCommit(async () => {
      const credentials = { engine: 'baileys' as const, bytes: Buffer.from(secretOf.credentials) }
      const store = createKeyStore({ tenants: rig.tenants, sealer }, { workspaceId, sessionId, fence }, credentials)
      await store.commit({
        credentials,
        keys: new Map([['session', new Map([['1.0', Buffer.from(secretOf.key)]])]]),
        journal: [{ hash: randomBytes(32), plaintext: Buffer.from(secretOf.journal), stanza: null }],
      })
    })
    return fence
  })
}

const rowsOf = async (sessionId: string) => {
  const found: Record<string, unknown[]> = {}
  for (const table of sealedTables)
    found[table] = await rig.rows.query(`select t as row from ${table} t where session_id = $1`, [sessionId])
  return found
}

test('once its quarantine is over nothing opens what a session had stored, not even with an older backup', async () => {
  const [sessionId, other] = [await rig.session(workspaceId, 'logged_out'), await rig.session(workspaceId, 'connected')]
  const fence = await fill(sessionId)
  await fill(other)
  await rig.tenants.transact({ workspaceId }, tx => quarantine(tx, sessionId, { days: 3 }))
  await rig.cleanUp(workspaceId)
  expect(await rig.state(sessionId)).toBe('logged_out quarantined')
  for (const [table, rows] of Object.entries(await rowsOf(sessionId)))
    expect(rows, table).toHaveLength(table === 'session_strings' ? 0 : 1)

  const backup = await rig.rows.query<{ sealed: Buffer }>(
    `select credentials as sealed from session_credentials where session_id = $1`,
    [sessionId],
  )
  await rig.rows.query(`update sessions set shred_at = now() where id = $1`, [sessionId])
  await rig.cleanUp(workspaceId)
  expect(await rig.state(sessionId)).toBe('logged_out shredded')
  expect(await rowsOf(sessionId)).toEqual(Object.fromEntries(sealedTables.map(table => [table, []])))
  for (const [table, rows] of Object.entries(await rowsOf(other))) expect(rows, table).toHaveLength(1)

  await using text = await DatabaseText.open(rig.clone.ownerUrl)
  const dump = (await text.dump()).map(table => table.text).join('\n')
  const secrets = Object.entries(secretOf).map(([name, secret]) => sought(name, secret))
  expect(find(secrets, dump)).toEqual([])

  // the backup's rows come back; the key that fits them does not
  await rig.rows.query(`insert into session_credentials (workspace_id, session_id, credentials) values ($1, $2, $3)`, [
    workspaceId,
    sessionId,
    backup[0]?.sealed,
  ])
  const restarted = createVault({ secret: rig.secret })
  const opened = rig.tenants.read({ workspaceId }, tx => restarted.sealer(tx, { workspaceId, sessionId }))
  await expect(opened).rejects.toMatchObject({ code: 'data_key_missing' })
  const withOther = await rig.tenants.read({ workspaceId }, tx =>
    restarted.sealer(tx, { workspaceId, sessionId: other }),
  )
  const identity = { workspaceId, sessionId, fence: { ...fence, epoch: fence.epoch + 1n } }
  await rig.rows.query(`update sessions set quarantined_at = null, shred_at = null where id = $1`, [sessionId])
  await expect(loadKeyStore({ tenants: rig.tenants, sealer: withOther }, identity)).rejects.toMatchObject({
    code: 'unknown_key',
  })
})

test('a socket that still stands when its session is destroyed can store nothing any more', async () => {
  const sessionId = await rig.session(workspaceId, 'logged_out')
  const fence = await fill(sessionId)
  const sealer = await rig.tenants.read({ workspaceId }, tx => rig.vault.sealer(tx, { workspaceId, sessionId }))
  const store = await loadKeyStore({ tenants: rig.tenants, sealer }, { workspaceId, sessionId, fence })
  await rig.rows.query(`update sessions set quarantined_at = now(), shred_at = now() where id = $1`, [sessionId])
  await rig.cleanUp(workspaceId)
  const late = store.commit({ keys: new Map([['session', new Map([['2.0', randomBytes(8)]])]]) })
  await expect(late).rejects.toMatchObject({ code: 'fenced' })
  expect((await rowsOf(sessionId))['signal_keys']).toEqual([])
})

test('of a deleted session nothing is left, and of its account nothing with the last of them', async () => {
  const sessionId = await rig.session(workspaceId, 'disconnected', { connected: '1 day' })
  const [row] = await rig.rows.query<{ person_id: string }>('select person_id from sessions where id = $1', [sessionId])
  const other = await rig.session(workspaceId, 'connected')
  await fill(sessionId)
  const told = (of: SessionId) =>
    rig.tenants.transact({ workspaceId }, tx =>
      rig.events.append(tx, { event: 'link_ended', data: { sessionId: of, phase: 'failed', reason: 'network' } }),
    )
  await told(sessionId)
  await told(other)
  await rig.tenants.transact({ workspaceId }, tx => quarantine(tx, sessionId, { days: 3 }))
  await rig.rows.query(`update sessions set deleted_at = now() where id = $1`, [sessionId])
  await rig.cleanUp(workspaceId)
  expect(await rig.state(sessionId)).toBe('disconnected quarantined')
  await rig.rows.query(`update sessions set shred_at = now() where id = $1`, [sessionId])
  await rig.cleanUp(workspaceId)
  await using text = await DatabaseText.open(rig.clone.ownerUrl)
  for (const { table, text: lines } of await text.dump()) {
    expect(lines, table).not.toContain(sessionId)
    expect(lines, table).not.toContain(row?.person_id)
  }
  expect(await rig.rows.query('select from event_log where session_id = $1', [other])).toHaveLength(1)
})

test('who takes an account’s sessions back and who forgets the account lock in one order: neither begins anew', async () => {
  const busy = await rig.workspace()
  const sessionId = await rig.session(busy, 'handed_off')
  await rig.rows.query(
    `update sessions set deleted_at = now(), quarantined_at = now(), shred_at = now() where id = $1`,
    [sessionId],
  )
  let begun = 0
  let shredded: Promise<unknown> = Promise.resolve()
  await rig.tenants.transact({ workspaceId: busy }, async tx => {
    begun++
    await lockPersonOf(tx, sessionId)
    if (begun === 1)
      shredded = rig.tenants.transact({ workspaceId: busy }, async late => {
        begun++
        await shredDue(rig, late, 20)
      })
    await rig.rows.waitFor(
      `select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`,
    )
    await lockLease(tx, sessionId)
  })
  await shredded
  expect(begun).toBe(2)
  expect(await rig.state(sessionId)).toBeNull()
})
