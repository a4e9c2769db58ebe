import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import type { TenantReader } from '../database/tenant-transaction.js'
import { isFromHere } from './own-chat-store.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
})

afterAll(() => rig[Symbol.asyncDispose]())

async function rowsRead(tx: TenantReader): Promise<number> {
  const { rows: found } = await sql<{ count: number }>`
    select sum(seq_tup_read + idx_tup_fetch)::int as count from pg_stat_xact_user_tables
    where relname in ('sessions', 'outbox_messages')`.execute(tx.db)
  return found[0]?.count ?? 0
}

test('whether a message is from here is asked of its own account alone, however many there are', async () => {
  const [personId, otherId] = [randomUUID(), randomUUID()]
  await rig.rows.query(
    `with account as (
       insert into people (workspace_id, id, lid, phone_number)
       select $1, case n when 1 then $2::uuid when 2 then $3::uuid else gen_random_uuid() end, n, 254700000000 + n
       from generate_series(1, 2000) as n returning id, phone_number
     ), linked as (
       insert into sessions (workspace_id, id, person_id, mode, state, phone_number)
       select $1, gen_random_uuid(), id, 'managed', 'connected', phone_number from account returning id, phone_number
     )
     insert into outbox_messages (workspace_id, id, session_id, kind, recipient, wa_message_id)
     select $1, gen_random_uuid(), id, 'notice', '', 'to ' || phone_number from linked`,
    [rig.workspaceId, personId, otherId],
  )
  await rig.rows.query('analyze people, sessions, outbox_messages')
  await rig.read(async tx => {
    const before = await rowsRead(tx)
    expect(await isFromHere(tx, personId, 'to 254700000001')).toBe(true)
    expect(await isFromHere(tx, personId, 'to 254700000002')).toBe(false)
    expect(await isFromHere(tx, otherId, 'to 254700000002')).toBe(true)
    const read = (await rowsRead(tx)) - before
    expect(read).toBeGreaterThan(0)
    expect(read).toBeLessThan(20)
  })
})
