import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Rows } from '../../../tests/support/rows.js'
import type { SessionRow } from '../../../tests/support/session-row.js'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { enqueueMessage, type OutboxKind } from '../outbox/outbox-store.js'
import { createSessionStates } from './session-states.js'

let rig: TenantRig
let rows: Rows

beforeAll(async () => {
  rig = await TenantRig.open()
  rows = rig.rows
})

afterAll(() => rig[Symbol.asyncDispose]())

async function owned(row: Pick<SessionRow, 'state' | 'reason'>) {
  const { tenants, vault, events, workspaceId } = rig
  const nodeId = randomUUID()
  const sessionId = await rig.session({ ...row, nodeId })
  const [lease] = await rows.query<{ epoch: string }>(`select epoch from session_leases where session_id = $1`, [
    sessionId,
  ])
  const identity = await rig.transact(async tx => ({
    workspaceId,
    sessionId,
    sealer: await vault.createSealer(tx, { workspaceId, sessionId }),
    fence: { nodeId, epoch: BigInt(lease?.epoch ?? 0) },
  }))
  const states = createSessionStates({
    tenants,
    events,
    onResting: async () => {},
    isLinking: async () => false,
  })
  const stored = async () => {
    const found = await rows.query<{ state: string }>(`select state from sessions where id = $1`, [sessionId])
    return found[0]?.state
  }
  const put = (kind: OutboxKind) =>
    rig.transact(tx => {
      const built = { to: '254700000001@s.whatsapp.net', waMessageId: kind, proto: randomBytes(8) }
      return enqueueMessage(tx, identity.sealer, sessionId, { kind, built })
    })
  const outbox = () =>
    rows.query<{ kind: string; state: string; error_code: string | null }>(
      `select kind, state, error_code from outbox_messages where session_id = $1 order by position`,
      [sessionId],
    )
  return { states, identity, sessionId, stored, put, outbox }
}

test('what a node counts a session as is what is stored of it, also when that does not let it move', async () => {
  const { states, identity, sessionId } = await owned({ state: 'disconnected' })
  await states.reconnecting(identity)
  expect(states.shown(sessionId)).toBe('disconnected')
  await states.connected(identity)
  expect(states.shown(sessionId)).toBe('connected')
  await rows.query(`update session_leases set wanted = false where session_id = $1`, [sessionId])
  await states.reconnecting(identity)
  expect(states.shown(sessionId)).toBe('connected')
})

test.each([
  ['connecting', 'disconnected', 'engine_outdated'],
  ['begun', 'connected', null],
] as const)('a change that the database lost is stored by the next try: %s', async (change, state, reason) => {
  const { states, identity, sessionId, stored } = await owned({ state, reason })
  await rows.query(`
    create function public.lose() returns trigger language plpgsql as $$
      begin raise exception 'gone' using errcode = 'admin_shutdown'; end $$`)
  await rows.query('create trigger lose before insert on session_history for each row execute function public.lose()')
  await expect(states[change](identity)).rejects.toMatchObject({ code: 'database_unavailable' })
  expect(states.shown(sessionId)).not.toBe('connecting')
  await rows.query('drop trigger lose on session_history')
  await rows.query('drop function public.lose()')
  await states[change](identity)
  expect(states.shown(sessionId)).toBe('connecting')
  expect(await stored()).toBe('connecting')
})

test.each([
  // the phone removed the device before its farewell had a verdict
  ['logged_out', 'logged_out', 'failed', 'failed'],
  ['banned', 'banned', 'failed', 'failed'],
  ['logged_out', 'revoked', 'failed', 'sent'],
  // whoever goes on has to say it
  ['disconnected', 'login_refused', 'queued', 'queued'],
] as const)('what waits to be said by a session that is %s (%s): notice %s, farewell %s', async (...given) => {
  const [state, reason, notice, farewell] = given
  const { states, identity, put, outbox } = await owned({ state: 'connected', reason: null })
  await put('secret')
  await put('notice')
  await put('farewell')
  await states.resting(identity, state, reason)
  expect(await outbox()).toEqual([
    { kind: 'secret', state: 'failed', error_code: 'given_up' },
    { kind: 'notice', state: notice, error_code: notice === 'failed' ? 'session_ended' : null },
    { kind: 'farewell', state: farewell, error_code: farewell === 'failed' ? 'session_ended' : null },
  ])
  const [backlog] = await rows.query<{ waiting: string }>('select waiting from whizlite.gateway_backlog()')
  expect(Number(backlog?.waiting)).toBe(state === 'disconnected' ? 2 : 0)
})
