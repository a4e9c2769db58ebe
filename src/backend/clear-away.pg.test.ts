import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Rows } from '../../tests/support/rows.js'
import { openTestDatabase, type TestDatabase } from '../../tests/support/template-database.js'
import { createClearAway } from './clear-away.js'
import { createTenants } from './database/tenant-transaction.js'
import { createLog } from './log.js'
import { operatorWorkspace } from './tenancy/operator-workspace.js'

const own = '254700000001@s.whatsapp.net'
const lid = '183000000000001@lid'
const friend = '254700000002@s.whatsapp.net'

let clone: TestDatabase
let rows: Rows

beforeAll(async () => {
  clone = await openTestDatabase()
  rows = new Rows(clone.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await clone[Symbol.asyncDispose]()
})

/** A linked account in a workspace. */
async function account(workspaceId: string): Promise<{ sessionId: string; of: [string, string] }> {
  const [personId, sessionId] = [randomUUID(), randomUUID()]
  await rows.query(`insert into people (workspace_id, id, lid) values ($1, $2, '183000000000001')`, [
    workspaceId,
    personId,
  ])
  await rows.query(
    `insert into sessions (workspace_id, id, person_id, mode, state, phone_number, lid)
     values ($1, $2, $3, 'managed', 'connected', '254700000001', $4)`,
    [workspaceId, sessionId, personId, lid],
  )
  return { sessionId, of: [workspaceId, sessionId] }
}

test('what nobody needs any more goes, of every workspace and however much it is; everything else stays', async () => {
  const tenants = createTenants(clone.database)
  const operator = await operatorWorkspace(clone.database, tenants)
  const [other] = await rows.query<{ id: string }>(
    `insert into workspaces (name, slug) values ('Other', 'other') returning id`,
  )
  const accounts = [await account(operator), await account(other?.id ?? '')]
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
      values ($1, gen_random_uuid(), $2, $3, '', $4, '', $5, clock_timestamp() - $6::interval)`
    for (const [id, kind, state, age] of [
      ['sent', 'notice', 'sent', '13 days'],
      ['sent, old', 'notice', 'sent', '15 days'],
      ['farewell, old', 'farewell', 'sent', '15 days'],
      ['secret, old', 'secret', 'sent', '15 days'],
      ['waiting', 'notice', 'unconfirmed', null],
    ])
      await rows.query(message, [...of, kind, id, state, age])
  }

  const clearAway = createClearAway({ tenants, log: createLog({ level: 'silent' }) })
  clearAway.start()
  try {
    for (const { sessionId } of accounts) {
      const names = async (query: string) =>
        (await rows.query<{ name: string }>(query, [sessionId])).map(({ name }) => name).toSorted()
      const commands = () => names('select wa_message_id as name from own_chat_commands where session_id = $1')
      await expect.poll(commands).toEqual(['new1'])
      const journal = () => names(`select stanza->>'id' as name from inbound_journal where session_id = $1`)
      await expect.poll(journal).toEqual(['of a friend', 'own chat, new', 'own words to a friend'])
      const kept = () =>
        names('select wa_message_id as name from outbox_messages where session_id = $1 and proto is not null')
      await expect.poll(kept).toEqual(['sent', 'waiting'])
      expect(await rows.query('select 1 from outbox_messages where session_id = $1', [sessionId])).toHaveLength(5)
    }
  } finally {
    await clearAway[Symbol.asyncDispose]()
  }
})

test('it goes on until it is closed, and is not stopped by a database that was away', async () => {
  const tenants = createTenants(clone.database)
  const workspaceId = await operatorWorkspace(clone.database, tenants)
  let away = true
  const clearAway = createClearAway({
    tenants: {
      ...tenants,
      allIds: () => {
        if (away) throw new Error('away')
        return tenants.allIds()
      },
    },
    log: createLog({ level: 'silent' }),
    everyMs: 10,
  })
  clearAway.start()
  try {
    for (const id of ['1', '2']) {
      await rows.query(
        `insert into own_chat_commands (workspace_id, session_id, wa_message_id, created_at)
         values ($1, gen_random_uuid(), $2, 'epoch')`,
        [workspaceId, id],
      )
      away = false
      await expect.poll(() => rows.query(`select 1 from own_chat_commands where created_at = 'epoch'`)).toEqual([])
    }
  } finally {
    await clearAway[Symbol.asyncDispose]()
  }
})
