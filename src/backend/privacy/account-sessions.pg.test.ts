import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import type { SessionId } from '../../contract/ids.js'
import { readAudit } from '../audit/read-audit.js'
import type { ActedBy } from '../database/tenant-transaction.js'
import { createLog } from '../log.js'
import { erase } from './erase-job.js'
import { createPrivacy, type Privacy } from './privacy.js'
import { createTombstones } from './tombstones.js'

const tombstones = createTombstones({ key: createSecretKey(randomBytes(32)), kekId: 'any' })

let rig: TenantRig
let privacy: Privacy
const owner = randomUUID()
const admin = randomUUID()

beforeAll(async () => {
  rig = await TenantRig.open()
  const { tenants, vault, events, workspaceId } = rig
  privacy = createPrivacy({ tenants, vault, events, tombstones, operatorWorkspace: () => workspaceId })
  for (const [id, role] of [
    [owner, 'member'],
    [admin, 'admin'],
  ])
    await rig.rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Somebody', $3)`, [
      rig.workspaceId,
      id,
      role,
    ])
})
afterAll(() => rig[Symbol.asyncDispose]())

/** A member's own session, with what a session has, and with a message of the same number in another one. */
async function linked(): Promise<{ id: SessionId; number: string }> {
  const [id, other] = [await rig.session(), await rig.session()]
  const [{ number } = { number: '' }] = await rig.rows.query<{ number: string }>(
    `update sessions set owner_id = $2 where id = $1 returning phone_number as number`,
    [id, owner],
  )
  const { workspaceId, rows } = rig
  const put = (table: string, columns: string, values: string, of: SessionId) =>
    rows.query(`insert into ${table} (workspace_id, session_id, ${columns}) values ($1, $2, ${values})`, [
      workspaceId,
      of,
      number,
    ])
  await put('session_credentials', 'credentials', '$3::bytea', id)
  for (const of of [id, other]) {
    await put('signal_keys', 'type, id, value', `'device-list', $3, '\\x00'`, of)
    const stanza = `jsonb_build_object('from', $3 || '@s.whatsapp.net')`
    await put('inbound_journal', 'hash, plaintext, stanza', `sha256('x'), '\\x00', ${stanza}`, of)
  }
  return { id, number }
}

async function eraseAs(who: { userId?: string; by: ActedBy }, number: string) {
  const { workspaceId, tenants, vault, events } = rig
  const { id } = await privacy.eraseContact({ workspaceId, ...who }, number, null)
  const deps = {
    tenants,
    vault,
    events,
    tombstones,
    operatorWorkspace: () => workspaceId,
    log: createLog({ level: 'silent' }),
  }
  await erase({ ...deps, handled: () => Promise.resolve() }, workspaceId, id, new AbortController().signal)
  return privacy.view({ workspaceId }, id)
}

const has = async (id: string) =>
  Object.fromEntries(
    await Promise.all(
      ['session_credentials', 'signal_keys', 'inbound_journal', 'data_keys'].map(async table => {
        const rows = await rig.rows.query(`select from ${table} where session_id = $1`, [id])
        return [table, rows.length] as const
      }),
    ),
  )

const told = async (id: string) => (await rig.read(tx => readAudit(tx, { target: id }))).entries
const state = (id: string) =>
  rig.rows.query(
    `select state, reason, deleted_at is not null as deleted, quarantined_at is not null as away,
       (select wanted from session_leases where session_id = s.id) as runs from sessions s where id = $1`,
    [id],
  )

test.each([
  ['an admin', { userId: admin, by: { kind: 'user' } }],
  ['a program for an admin', { userId: admin, by: { kind: 'service' } }],
  ['a key of its owner’s', { userId: owner, by: { kind: 'key', keyId: 'Ab3dEf9h' } }],
  ['a key of an admin’s', { userId: admin, by: { kind: 'key', keyId: 'Ab3dEf9h' } }],
] satisfies [string, Parameters<typeof eraseAs>[0]][])(
  '%s takes no linked session with an erasure, and is not told of any',
  async (_, who) => {
    const { id, number } = await linked()
    const before = await has(id)
    const erasure = await eraseAs(who, number)
    expect(await has(id)).toEqual(before)
    expect(await state(id)).toMatchObject([{ state: 'connected', deleted: false, away: false, runs: true }])
    expect(await told(id)).toEqual([])
    // the message and the key in the other session
    expect(erasure).toMatchObject({ state: 'done', deleted: 2 })
  },
)

test.each([
  ['whose it is', { userId: owner, by: { kind: 'user' } }],
  ['its owner’s program', { userId: owner, by: { kind: 'service' } }],
  ['the operator', { by: { kind: 'operator' } }],
] satisfies [string, Parameters<typeof eraseAs>[0]][])(
  '%s deletes it with the erasure, through quarantine, and that is told',
  async (_, who) => {
    const { id, number } = await linked()
    const erasure = await eraseAs(who, number)
    expect(erasure).toMatchObject({ state: 'done', deleted: 2 })
    expect(await state(id)).toEqual([
      { state: 'disconnected', reason: 'erased', deleted: true, away: true, runs: false },
    ])
    expect(await has(id)).toMatchObject({ session_credentials: 1 })
    expect(await told(id)).toMatchObject([
      { action: 'session.delete', by: who.by.kind, target: id, detail: { code: 'erased' } },
    ])
    const events = await rig.read(tx => rig.events.read(tx, [id], 0n, 10))
    expect(events.map(({ event }) => event)).toMatchObject([
      { event: 'session_state', data: { state: 'disconnected', reason: { code: 'erased' } } },
      { event: 'connection_lost' },
    ])
  },
)

test('a session that a bot has is deleted all the same', async () => {
  const { id, number } = await linked()
  await rig.rows.query(`update sessions set state = 'handed_off' where id = $1`, [id])
  await eraseAs({ by: { kind: 'operator' } }, number)
  expect(await state(id)).toMatchObject([{ state: 'expired', reason: 'erased', deleted: true, away: true }])
})
