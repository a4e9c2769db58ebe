import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CleanupRig } from '../../../tests/support/cleanup-rig.js'
import { UserId, type SessionId, type WorkspaceId } from '../../contract/ids.js'
import { KeyBatch } from '../engine/key-batch.js'
import { KeyRows } from '../engine/key-rows.js'
import type { EventLog } from '../events/event-log.js'
import { createEventLog } from '../events/event-log.js'
import { createTotpSeal } from '../identity/totp-seal.js'
import { keyIdOf } from '../vault/key-ring.js'
import { createVault, vaultLimits, type Vault } from '../vault/vault.js'
import { renewDataKey, retireOlderKeys } from './data-keys.js'
import { finishScopes, rotateDataKeys, type ResealProgress } from './rotate-data-keys.js'

/** A node: its vault, and what it has open of the session. */
type Node = { vault: Vault; events: EventLog; rows: KeyRows }

const never = new AbortController().signal
let rig: CleanupRig
let workspaceId: WorkspaceId
let sessionId: SessionId

beforeAll(async () => {
  rig = await CleanupRig.open()
})
afterAll(() => rig[Symbol.asyncDispose]())
beforeEach(async () => {
  await rig.rows.query(
    `insert into tombstones (workspace_id, subject, kind, kek_id) select id, uuid_send(id), 'workspace', '' from workspaces on conflict do nothing`,
  )
  await rig.rows.query('delete from workspaces')
  await rig.rows.query('delete from meta')
  workspaceId = await rig.workspace()
  sessionId = await rig.session(workspaceId, 'connected')
  await rig.tenants.transact({ workspaceId }, tx => rig.vault.createSealer(tx, { workspaceId, sessionId }))
})

async function node(limits = vaultLimits): Promise<Node> {
  const vault = createVault({ secret: rig.secret }, limits)
  const sealer = await rig.tenants.read({ workspaceId }, tx => vault.sealer(tx, { workspaceId, sessionId }))
  return { vault, events: createEventLog({ vault }), rows: new KeyRows(sessionId, sealer) }
}

const put = ({ rows }: Node, id: string, value: string) =>
  rig.tenants.transact({ workspaceId }, async tx => {
    const batch = new KeyBatch()
    batch.add({ keys: new Map([['session', new Map([[id, Buffer.from(value)]])]]) })
    await rows.write(tx, batch, null)
  })

const get = async ({ rows }: Node, id: string) => {
  const values = await rig.tenants.read({ workspaceId }, tx => rows.keys(tx, 'session', [id]))
  return Buffer.from(values.get(id) ?? []).toString()
}

const say = ({ events }: Node) =>
  rig.tenants.transact({ workspaceId }, tx =>
    events.append(tx, { event: 'qr_code', data: { sessionId, status: 'connecting' } }),
  )

const heard = ({ events }: Node) => rig.tenants.read({ workspaceId }, tx => events.read(tx, [sessionId], 0n, 1_000))

const rotate = (signal = never, onProgress: (progress: ResealProgress) => void = () => {}) =>
  rotateDataKeys({
    database: rig.clone.database,
    tenants: rig.tenants,
    vault: createVault({ secret: rig.secret }),
    signal,
    onProgress,
    settleMs: 0,
  })

const keys = () =>
  rig.rows.query<{ id: string; session: boolean; retired: boolean; seals: string }>(
    `select id, session_id is not null as session, retired_at is not null as retired, seals from data_keys
     where workspace_id = $1 order by created_at`,
    [workspaceId],
  )

/** Which data keys the values of the session's keys and of the events name. */
const named = async () => {
  const rows = await rig.rows.query<{ id: string }>(
    `select distinct encode(substring(value from 3 for 16), 'hex')::uuid as id from signal_keys where workspace_id = $1
     union select distinct encode(substring(data from 3 for 16), 'hex')::uuid from event_log where workspace_id = $1`,
    [workspaceId],
  )
  return rows.map(({ id }) => id)
}

test('everything is under new keys, which nodes that knew the old ones alone read at once', async () => {
  const [one, two] = [await node(), await node()]
  for (let n = 0; n < 450; n++) await put(one, `${n}`, `ratchet ${n}`)
  await say(one)
  await heard(two)
  await get(two, '1')
  const before = await keys()
  const told: ResealProgress[] = []
  await expect(rotate(never, progress => told.push(progress))).resolves.toEqual({
    keys: 2,
    rows: 451,
    left: 0,
    unreadable: 0,
  })
  expect(told.map(({ done, left }) => [done, left])).toEqual([
    [1, 1],
    [2, 0],
  ])
  const fresh = (await keys()).filter(({ id }) => !before.some(old => old.id === id))
  expect((await named()).toSorted()).toEqual(fresh.map(({ id }) => id).toSorted())
  for (const each of [one, two]) {
    expect(await get(each, '449')).toBe('ratchet 449')
    expect(await heard(each)).toHaveLength(1)
  }
  await put(two, '1', 'by the other node')
  expect(await get(one, '1')).toBe('by the other node')
})

test('beside nodes that read and write all the time nothing is lost, nothing fails and nothing is left', async () => {
  // one confirms its key at once, one never does by itself
  const nodes = [
    await node({ ...vaultLimits, confirmEveryMs: 0 }),
    await node({ ...vaultLimits, confirmEveryMs: 1_000_000 }),
  ]
  const stopped = new AbortController()
  const written = new Map<string, string>()
  const working = nodes.map(async (each, who) => {
    for (let n = 0; !stopped.signal.aborted; n++) {
      const [id, value] = [`${who}-${n % 40}`, `value ${n}`]
      await put(each, id, value)
      written.set(id, value)
      expect(await get(each, id)).toBe(value)
      if (n % 5 === 0) await say(each)
      if (n % 10 === 0) expect((await heard(each)).length).toBeGreaterThan(0)
    }
  })
  for (let n = 0; n < 4; n++) await rotate()
  stopped.abort()
  await Promise.all(working)
  await expect(
    finishScopes({ tenants: rig.tenants, vault: createVault({ secret: rig.secret }) }, workspaceId, never),
  ).resolves.toMatchObject({ left: 0, unreadable: 0 })
  for (const [id, value] of written)
    for (const each of [...nodes, await node()]) expect(await get(each, id)).toBe(value)
  expect(await named()).toHaveLength(2)
})

test('left off in the middle, the next run goes on with the same new key', async () => {
  const one = await node()
  for (let n = 0; n < 300; n++) await put(one, `${n}`, 'x')
  await say(one)
  const stopped = new AbortController()
  await rotate(stopped.signal, () => stopped.abort())
  expect(await keys()).toHaveLength(3)
  await Promise.all([rotate(), rotate()])
  expect(await keys()).toHaveLength(4)
  expect(await named()).toHaveLength(2)
  // another rotation begins anew
  await rotate()
  expect(await keys()).toHaveLength(6)
})

test('an old key goes when nothing has needed it for a while, and not while a single value names it', async () => {
  const scope = { workspaceId, sessionId }
  const slow = await node({ ...vaultLimits, confirmEveryMs: 1_000_000 })
  await put(slow, 'a', 'kept')
  const [old] = await keys()
  await rotate()
  expect(await keys()).toMatchObject([{ id: old?.id, retired: true }, { retired: false }])
  // it has never looked again
  await put(slow, 'b', 'late')
  expect(await retireOlderKeys(rig.tenants, scope, 0)).toBe(1)
  expect(await keys()).toMatchObject([{ id: old?.id, retired: false }, {}])
  const vault = createVault({ secret: rig.secret })
  await finishScopes({ tenants: rig.tenants, vault }, workspaceId, never, 0)
  expect(await keys()).toMatchObject([{ id: old?.id, retired: true }, {}])
  await finishScopes({ tenants: rig.tenants, vault }, workspaceId, never, 600)
  expect(await keys()).toHaveLength(2)
  await finishScopes({ tenants: rig.tenants, vault }, workspaceId, never, 0)
  expect((await keys()).map(({ id }) => id)).not.toContain(old?.id)
  expect([await get(await node(), 'a'), await get(slow, 'b')]).toEqual(['kept', 'late'])
})

test('what logins have sealed follows, and keeps the key until it has', async () => {
  const userId = UserId.parse(randomUUID())
  const totp = createTotpSeal({ tenants: rig.tenants, vault: rig.vault, workspaceId: () => workspaceId })
  await rig.rows.query(`insert into meta (key, value) values ('operator_workspace', $1)`, [workspaceId])
  await rig.rows.query(
    `insert into logins (id, email, password_hash, totp_secret) values ($1, 'a@example.com', 'a hash that nobody checks', $2)`,
    [userId, await totp.seal(userId, Buffer.from('seed'))],
  )
  const stored = async () => {
    const [row] = await rig.rows.query<{ sealed: Buffer }>('select totp_secret as sealed from logins where id = $1', [
      userId,
    ])
    return row?.sealed ?? Buffer.alloc(0)
  }
  const before = await stored()
  const scope = { workspaceId, sessionId: null }
  await renewDataKey({ tenants: rig.tenants, vault: rig.vault }, scope, new Date(Date.now() + 60_000))
  expect(await retireOlderKeys(rig.tenants, scope, 0)).toBe(1)
  await expect(rotate()).resolves.toMatchObject({ left: 0, unreadable: 0 })
  const after = await stored()
  expect(keyIdOf(after)).not.toEqual(keyIdOf(before))
  expect(await totp.open(userId, after)).toEqual(Buffer.from('seed'))
  expect(await totp.open(userId, before)).toEqual(Buffer.from('seed'))
  await rig.rows.query('delete from logins')
})

test('a value that does not open keeps its key, and no other value back', async () => {
  const one = await node()
  for (const id of ['a', 'b', 'c']) await put(one, id, id)
  await rig.rows.query(`update signal_keys set value = set_byte(value, 40, 255 - get_byte(value, 40)) where id = 'b'`)
  const [old] = await keys()
  await expect(rotate()).resolves.toMatchObject({ rows: 2, left: 1, unreadable: 1 })
  await finishScopes({ tenants: rig.tenants, vault: rig.vault }, workspaceId, never, 0)
  expect((await keys()).map(({ id }) => id)).toContain(old?.id)
  expect([await get(one, 'a'), await get(one, 'c')]).toEqual(['a', 'c'])
  await expect(get(one, 'b')).rejects.toMatchObject({ code: 'tampered' })
})

test('a key that has sealed enough, over all nodes and restarts, is followed by a new one', async () => {
  const limits = { confirmEveryMs: 0, reportEvery: 2, mostSeals: 6 }
  const [old] = await keys()
  for (let n = 0; n < 3; n++) {
    const restarted = await node(limits)
    for (let m = 0; m < 3; m++) await put(restarted, randomBytes(4).toString('hex'), 'x')
  }
  expect(await keys()).toMatchObject([{ id: old?.id, seals: '6' }, {}])
  const last = await node(limits)
  await put(last, 'new', 'x')
  expect(await named()).toHaveLength(2)
})
