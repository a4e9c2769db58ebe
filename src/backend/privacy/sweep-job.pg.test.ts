import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecretKey, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { namedIn } from '../../../tests/support/named-contact.js'
import { openedCells } from '../../../tests/support/opened-cells.js'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import type { SessionId } from '../../contract/ids.js'
import { createLog } from '../log.js'
import { endSession } from './account-sessions.js'
import { namesOf } from './contact.js'
import { erase } from './erase-job.js'
import { storeErasure } from './erasures-store.js'
import { createSweepJob } from './sweep-job.js'
import { createTombstones } from './tombstones.js'

const number = '254712345678'
const contact = { number, lid: '199912345678901' }
const tombstones = createTombstones({ key: createSecretKey(randomBytes(32)), kekId: 'any' })
const { signal } = new AbortController()

let rig: TenantRig
let dataDir: string
let sessionId: SessionId

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'whizlite-tombstones-'))
  rig = await TenantRig.open()
  sessionId = await rig.session()
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

const deps = () => ({
  tenants: rig.tenants,
  vault: rig.vault,
  events: rig.events,
  database: rig.clone.database,
  tombstones,
  log: createLog({ level: 'silent' }),
  handled: () => Promise.resolve(),
  operatorWorkspace: () => rig.workspaceId,
})
const sweep = () => createSweepJob({ ...deps(), dataDir }).run({}, { signal })
const eraseNow = async () => {
  const id = await rig.transact(tx => storeErasure(tx, rig.vault, namesOf(number)))
  await erase(deps(), rig.workspaceId, id, signal)
}

async function message(from: string, secondsFromNow: number, of = sessionId): Promise<void> {
  await rig.rows.query(
    `insert into inbound_journal (workspace_id, session_id, hash, plaintext, stanza)
     values ($1, $2, $3, '\\x00', jsonb_build_object('from', $4::text, 'timestamp', extract(epoch from now())::bigint + $5::bigint))`,
    [rig.workspaceId, of, randomBytes(32), from, secondsFromNow],
  )
}

const journal = async () =>
  (await rig.rows.query<{ from: string }>(`select stanza ->> 'from' as from from inbound_journal order by 1`)).map(
    ({ from }) => from,
  )

test('a message of before the erasure that comes late is taken away; one of after it, and those of others, stay', async () => {
  await eraseNow()
  await message(`${number}@s.whatsapp.net`, -3_600)
  await message(`${number}:4@s.whatsapp.net`, 3_600)
  await message('254700000009@s.whatsapp.net', -3_600)
  await sweep()
  expect(await journal()).toEqual(['254700000009@s.whatsapp.net', `${number}:4@s.whatsapp.net`])
})

test('a session of the contact’s own account keeps what it has still to read', async () => {
  await eraseNow()
  const own = await linked(-2)
  await message(`${number}@s.whatsapp.net`, -3_600, own)
  await sweep()
  expect(await journal()).toEqual([`${number}@s.whatsapp.net`])
})

test('the copy beside the database is its owner’s alone, and names nobody', async () => {
  await eraseNow()
  await sweep()
  await sweep()
  const file = join(dataDir, 'erased.ndjson')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const text = readFileSync(file, 'utf8')
  expect(text.split('\n').filter(line => line !== '')).toHaveLength(1)
  expect(text).not.toContain(number)
})

test('a contact that comes back with an older database is erased from all of it', async () => {
  for (const how of namedIn.values()) if (typeof how === 'function') await how(rig, sessionId, contact)
  await rig.rows.query('create schema kept')
  const tables = ['people', 'inbound_journal', 'outbox_messages', 'signal_keys', 'data_keys', 'event_log']
  for (const table of tables) await rig.rows.query(`create table kept.${table} as select * from whizlite.${table}`)
  await eraseNow()
  await sweep()
  // what a restore does: all rows are there again, and the tombstones are not
  await rig.rows.query('delete from tombstones; set session_replication_role = replica')
  for (const table of tables) await rig.rows.query(`delete from ${table}`)
  for (const table of tables.filter(name => name !== 'outbox_messages'))
    await rig.rows.query(`insert into ${table} select * from kept.${table}`)
  await rig.rows.query('drop schema kept cascade; set session_replication_role = origin')
  expect((await journal()).length).toBeGreaterThan(0)
  await sweep()
  expect(await journal()).toEqual([])
  const named = await rig.rows.query(
    `select id from signal_keys where id ~ $1 union all select phone_number from people where phone_number = $2`,
    [`${number}|${contact.lid}`, number],
  )
  expect(named).toEqual([])
  expect((await openedCells(rig)).filter(({ text }) => text.includes(number))).toEqual([])
  expect(await rig.rows.query('select from tombstones')).toHaveLength(2)
})

/** A session of the contact's own account, begun so many hours after now. */
async function linked(hours: number): Promise<SessionId> {
  const id = await rig.session()
  await rig.rows.query(
    `update sessions set phone_number = $2, created_at = now() + make_interval(hours => $3) where id = $1`,
    [id, number, hours],
  )
  await rig.rows.query(
    `insert into session_credentials (workspace_id, session_id, credentials) values ($1, $2, 'credentials')`,
    [rig.workspaceId, id],
  )
  return id
}

/** A tombstone that the file has and the database has not: of anybody, unless said otherwise. */
async function restoredWithout(...names: string[]): Promise<void> {
  const subjects = names.map(name => tombstones.subject(rig.workspaceId, name))
  await rig.rows.query('delete from tombstones where subject = any($1)', [subjects])
}

const standing = (id: string) =>
  rig.rows.query<{ deleted: boolean; credentials: boolean }>(
    `select deleted_at is not null as deleted, exists (select from session_credentials c where c.session_id = s.id) as credentials
     from sessions s where id = $1`,
    [id],
  )

test('an older database that was put back costs nobody a session that they linked since', async () => {
  await eraseNow()
  const other = '254700000042'
  const id = await rig.transact(tx => storeErasure(tx, rig.vault, namesOf(other)))
  await erase(deps(), rig.workspaceId, id, signal)
  const [before, after] = [await linked(-2), await linked(2)]
  await sweep()
  await restoredWithout(other)
  await sweep()
  await restoredWithout(other, number)
  await sweep()
  for (const each of [before, after]) expect(await standing(each)).toEqual([{ deleted: false, credentials: true }])
})

test('of what was put back, what is younger than the erasure stays', async () => {
  await eraseNow()
  await sweep()
  await message(`${number}@s.whatsapp.net`, -3_600)
  await message(`${number}:4@s.whatsapp.net`, 3_600)
  await restoredWithout(number)
  await sweep()
  expect(await journal()).toEqual([`${number}:4@s.whatsapp.net`])
})

test('a session that was deleted with its account’s data is put away again when it comes back', async () => {
  const id = await linked(-2)
  await rig.transact(tx => endSession({ events: rig.events, tombstones }, tx, id, tx.scope))
  await sweep()
  await rig.rows.query('update sessions set deleted_at = null, quarantined_at = null, shred_at = null where id = $1', [
    id,
  ])
  await sweep()
  expect(await standing(id)).toEqual([{ deleted: false, credentials: true }])
  await restoredWithout(`session ${id}`)
  await sweep()
  // through quarantine, as every session
  expect(await standing(id)).toEqual([{ deleted: true, credentials: true }])
  const [row] = await rig.rows.query<{ days: number }>(
    `select round(extract(epoch from shred_at - now()) / 86400)::int as days from sessions where id = $1`,
    [id],
  )
  expect(row?.days).toBe(3)
})

test('a workspace that comes back is erased again, by one job however often that is found', async () => {
  await rig.transact(tx => tombstones.ofWorkspace(tx, rig.workspaceId))
  await sweep()
  await sweep()
  expect(await rig.rows.query(`select kind from erasures`)).toEqual([{ kind: 'workspace' }])
})

test('a file with lines that are cut short or nonsense is read as far as it can be', async () => {
  await eraseNow()
  await sweep()
  const file = join(dataDir, 'erased.ndjson')
  writeFileSync(file, `nonsense\n${readFileSync(file, 'utf8')}{"workspaceId":"`)
  await rig.rows.query('delete from tombstones')
  await sweep()
  expect(await rig.rows.query('select from tombstones')).toHaveLength(1)
})
