import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CleanupRig } from '../../../tests/support/cleanup-rig.js'
import { SessionId, type WorkspaceId } from '../../contract/ids.js'

const own = '254700000001@s.whatsapp.net'
const lid = '183000000000001@lid'
const friend = '254700000002@s.whatsapp.net'

let rig: CleanupRig

beforeAll(async () => {
  rig = await CleanupRig.open()
})

afterAll(() => rig[Symbol.asyncDispose]())

/** A linked account in a workspace. */
async function account(workspaceId: WorkspaceId): Promise<{ sessionId: string; of: [string, string] }> {
  const sessionId = await rig.session(workspaceId, 'connected')
  await rig.rows.query(`update sessions set phone_number = '254700000001', lid = $2 where id = $1`, [sessionId, lid])
  return { sessionId, of: [workspaceId, sessionId] }
}

test('what nobody needs any more goes, of every workspace and however much it is; everything else stays', async () => {
  const { rows } = rig
  const workspaces = [await rig.workspace(), await rig.workspace()]
  const accounts = await Promise.all(workspaces.map(account))
  for (const { of } of accounts) {
    const command = `insert into own_chat_commands (workspace_id, session_id, wa_message_id, created_at)
      select $1, $2, $3 || n, clock_timestamp() - $4::interval from generate_series(1, $5) as n`
    await rows.query(command, [...of, 'old', '49 hours', 1_200])
    await rows.query(command, [...of, 'new', '47 hours', 1])
    const journal = `insert into inbound_journal (workspace_id, session_id, hash, plaintext, stanza, created_at)
      values ($1, $2, $3, '', $4, clock_timestamp() - $5::interval)`
    for (const [id, recipient, age] of [
      ['own chat, old', own, '25 hours'],
      ['own chat by lid, old', lid, '25 hours'],
      ['own chat, new', own, '23 hours'],
      ['own words to a friend', friend, '29 days'],
      ['own words to a friend, old', friend, '31 days'],
      ['of a friend', null, '29 days'],
      ['of a friend, old', null, '31 days'],
    ])
      await rows.query(journal, [...of, randomBytes(32), JSON.stringify({ id, from: friend, recipient }), age])
    const message = `insert into outbox_messages (workspace_id, id, session_id, kind, recipient, wa_message_id, proto, state, settled_at)
      values ($1, gen_random_uuid(), $2, $3, '', $4, $7, $5, clock_timestamp() - $6::interval)`
    for (const [id, kind, state, age, proto] of [
      ['sent', 'notice', 'sent', '13 days', ''],
      ['sent, old', 'notice', 'sent', '15 days', ''],
      ['farewell, old', 'farewell', 'sent', '15 days', ''],
      ['secret, old', 'secret', 'sent', '15 days', ''],
      ['sent, without bytes', 'notice', 'sent', '29 days', null],
      ['sent, long ago', 'notice', 'sent', '31 days', null],
      ['waiting', 'notice', 'unconfirmed', null, ''],
    ] as const)
      await rows.query(message, [...of, kind, id, state, age, proto])
    for (const [state, age] of [
      ['connected', '89 days'],
      ['reconnecting', '91 days'],
    ])
      await rows.query(
        `insert into session_history (workspace_id, session_id, state, at) values ($1, $2, $3, now() - $4::interval)`,
        [...of, state, age],
      )
    for (const [seq, age] of [
      [1, '31 days'],
      [2, '29 days'],
    ])
      await rows.query(
        `insert into event_log (workspace_id, session_id, seq, event, data, created_at) values ($1, $2, $3, 'progress', '', now() - $4::interval)`,
        [...of, seq, age],
      )
  }

  await rig.cleanUp(...workspaces)
  for (const { sessionId } of accounts) {
    const names = async (query: string) =>
      (await rows.query<{ name: string }>(query, [sessionId])).map(({ name }) => name).toSorted()
    expect(await names('select wa_message_id as name from own_chat_commands where session_id = $1')).toEqual(['new1'])
    expect(await names(`select stanza->>'id' as name from inbound_journal where session_id = $1`)).toEqual([
      'of a friend',
      'own chat, new',
      'own words to a friend',
    ])
    expect(
      await names('select wa_message_id as name from outbox_messages where session_id = $1 and proto is not null'),
    ).toEqual(['sent', 'waiting'])
    expect(await names('select wa_message_id as name from outbox_messages where session_id = $1')).toEqual([
      'farewell, old',
      'secret, old',
      'sent',
      'sent, old',
      'sent, without bytes',
      'waiting',
    ])
    expect(await names('select state as name from session_history where session_id = $1')).toEqual(['connected'])
    expect(await names('select seq::text as name from event_log where session_id = $1')).toEqual(['2'])
  }
})

test('abandoned attempts end with all they had stored, and what became of attempts is forgotten after a week', async () => {
  const { rows } = rig
  const workspaceId = await rig.workspace()
  const attempt = async (phase: string, age: string, seen = age) => {
    const sessionId = SessionId.parse(randomUUID())
    await rows.query(
      `insert into link_attempts (workspace_id, session_id, visitor_hash, node_id, mode, phase, expires_at, since, seen_at, created_at)
       values ($1, $2, $3, gen_random_uuid(), 'managed', $4, now() - $5::interval, now() - $5::interval, now() - $6::interval, now() - $5::interval)`,
      [workspaceId, sessionId, randomBytes(32), phase, age, seen],
    )
    return sessionId
  }
  const [left, waiting] = [await attempt('scanning', '2 hours'), await attempt('queued', '2 hours', '1 minute')]
  const [ended, old] = [await attempt('failed', '6 days'), await attempt('cancelled', '8 days')]
  const linked = await rig.session(workspaceId, 'connected')
  await rows.query(`update link_attempts set session_id = $2 where session_id = $1`, [
    await attempt('complete', '300 days'),
    linked,
  ])
  await rows.query(
    `insert into session_leases (session_id, workspace_id, node_id) values ($1, $2, gen_random_uuid())`,
    [left, workspaceId],
  )
  await rig.tenants.transact({ workspaceId }, tx => rig.vault.createSealer(tx, { workspaceId, sessionId: left }))
  await rows.query(`insert into session_credentials (workspace_id, session_id, credentials) values ($1, $2, '')`, [
    workspaceId,
    left,
  ])

  await rig.cleanUp(workspaceId)
  const phases = await rows.query<{ session_id: string; phase: string; reason: string | null }>(
    `select session_id, phase, reason from link_attempts where workspace_id = $1`,
    [workspaceId],
  )
  const said = Object.fromEntries(phases.map(row => [row.session_id, [row.phase, row.reason]]))
  expect(said).toEqual({
    [left]: ['expired', 'node_lost'],
    [waiting]: ['queued', null],
    [ended]: ['failed', null],
    [linked]: ['complete', null],
  })
  expect(said[old]).toBeUndefined()
  for (const table of ['session_credentials', 'data_keys', 'session_leases'])
    expect(await rows.query(`select from ${table} where session_id = $1`, [left]), table).toEqual([])
})
