import { createSecretKey, randomBytes, randomInt, randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DatabaseText } from '../../../tests/support/database-text.js'
import { namedIn } from '../../../tests/support/named-contact.js'
import { openedCells } from '../../../tests/support/opened-cells.js'
import { find, sought } from '../../../tests/support/secret-search.js'
import { places, plantScene } from '../../../tests/support/tenant-scene.js'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { WorkspaceId, type SessionId } from '../../contract/ids.js'
import { readAudit } from '../audit/read-audit.js'
import { createLog } from '../log.js'
import { namesOf } from './contact.js'
import { erase } from './erase-job.js'
import { listErasures, storeErasure } from './erasures-store.js'
import { createTombstones, type Tombstones } from './tombstones.js'

let rig: TenantRig
let database: DatabaseText
let tombstones: Tombstones
let handled: () => Promise<void>
const goOn = new AbortController().signal

beforeAll(async () => {
  tombstones = createTombstones({ key: createSecretKey(randomBytes(32)), kekId: 'any' })
})
beforeEach(async () => {
  handled = () => Promise.resolve()
  rig = await TenantRig.open()
  database = await DatabaseText.open(rig.clone.ownerUrl)
})
afterEach(async () => {
  await database[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

const tables = async () =>
  (await database.dump())
    .filter(({ table }) => table.startsWith('whizlite.'))
    .map(({ table, text }) => ({ table: table.slice('whizlite.'.length), text }))

const run = (workspaceId: WorkspaceId, id: string, signal = goOn) => {
  const { tenants, vault, events } = rig
  const log = createLog({ level: 'silent' })
  const operatorWorkspace = () => rig.workspaceId
  return erase({ tenants, vault, events, tombstones, operatorWorkspace, log, handled }, workspaceId, id, signal)
}

describe('a contact', () => {
  const contact = { number: `2547${randomInt(10_000_000, 99_999_999)}`, lid: `19${randomInt(1e12, 9e12)}` }
  const needles = [sought('the number', contact.number), sought('the LID', contact.lid)]
  let sessionId: SessionId

  /** Which tables name them, in any form that bytes can have, sealed or not. */
  const naming = async () => {
    const all = [...(await tables()), ...(await openedCells(rig))]
    return [...new Set(all.filter(({ text }) => find(needles, text).length > 0).map(({ table }) => table))]
  }

  const named = [...namedIn].flatMap(([table, how]) => (typeof how === 'function' ? [table] : []))

  const plant = async (): Promise<void> => {
    sessionId = await rig.session()
    for (const how of namedIn.values()) if (typeof how === 'function') await how(rig, sessionId, contact)
  }

  const ask = (given: string) => rig.transact(tx => storeErasure(tx, rig.vault, namesOf(given)))

  test('is planted wherever a table can name one, and no table is left out', async () => {
    expect((await tables()).map(({ table }) => table).toSorted()).toEqual([...namedIn.keys()].toSorted())
    await plant()
    expect((await naming()).toSorted()).toEqual(named.toSorted())
  })

  test.each([
    ['number', contact.number],
    ['number with a plus', `+${contact.number}`],
    ['JID', `${contact.number}@s.whatsapp.net`],
    ['JID of a device', `${contact.number}:12@s.whatsapp.net`],
    ['LID', `${contact.lid}@lid`],
  ])('is gone from all of them when asked for by %s, and nobody else is', async (_, given) => {
    await plant()
    const others = { number: '254799999999', lid: '199999999999999' }
    for (const table of ['people', 'inbound_journal', 'outbox_messages']) {
      const how = namedIn.get(table)
      if (typeof how === 'function') await how(rig, sessionId, others)
    }
    const id = await ask(given)
    await run(rig.workspaceId, id)
    expect(await naming()).toEqual([])
    expect(await rig.rows.query(`select type, id from signal_keys`)).toEqual([])
    const left = await rig.rows.query<{ count: string }>(
      `select count(*) from inbound_journal union all select count(*) from outbox_messages
       union all select count(*) from people where phone_number = '254799999999'`,
    )
    expect(left.map(({ count }) => Number(count))).toEqual([12, 4, 1])
    expect(await rig.read(tx => listErasures(tx, id))).toMatchObject([{ state: 'done', kind: 'contact' }])
    const { entries } = await rig.read(tx => readAudit(tx, { target: id }))
    expect(entries).toMatchObject([{ action: 'privacy.erased', by: 'system' }])
  })

  test('leaves a keyed hash of each of their names, and nothing else', async () => {
    await plant()
    await run(rig.workspaceId, await ask(contact.number))
    const kept = await rig.rows.query<{ subject: Buffer }>('select subject from tombstones order by subject')
    const expected = [contact.number, `lid ${contact.lid}`].map(name => tombstones.subject(rig.workspaceId, name))
    expect(kept.map(({ subject }) => subject)).toEqual(expected.toSorted((a, b) => a.compare(b)))
    expect(tombstones.subject(randomUUID(), contact.number)).not.toEqual(expected[0])
  })

  test('is gone although a message that was being read has stored its keys once more', async () => {
    await plant()
    const id = await ask(contact.number)
    let times = 0
    handled = async () => {
      times++
      for (const key of ['session', 'identity-key'])
        await rig.rows.query(
          `insert into signal_keys (workspace_id, session_id, type, id, value) values ($1, $2, $3, $4, '\\x00')`,
          [rig.workspaceId, sessionId, key, `${contact.number}.0`],
        )
    }
    await run(rig.workspaceId, id)
    expect(times).toBe(1)
    expect(await rig.rows.query(`select type, id from signal_keys`)).toEqual([])
  })

  test('whom no session has keys of is erased without waiting for any', async () => {
    handled = () => Promise.reject(new Error('waited'))
    await run(rig.workspaceId, await ask(contact.number))
  })

  test('ends a link that waits for their number, and whatever it had stored', async () => {
    await plant()
    await run(rig.workspaceId, await ask(contact.number))
    expect(await rig.rows.query('select phase, reason, expected_number from link_attempts')).toEqual([
      { phase: 'cancelled', reason: 'left_early', expected_number: null },
    ])
  })

  test('is erased by whoever goes on where somebody was interrupted', async () => {
    await plant()
    const id = await ask(contact.number)
    const stopped = new AbortController()
    const steps = rig.tenants.transact
    let count = 0
    rig.tenants.transact = (...of: Parameters<typeof steps>) => {
      if (++count === 4) stopped.abort()
      return steps(...of) as never
    }
    await expect(run(rig.workspaceId, id, stopped.signal)).rejects.toThrow()
    rig.tenants.transact = steps
    expect((await naming()).length).toBeGreaterThan(0)
    expect(await rig.read(tx => listErasures(tx, id))).toMatchObject([{ state: 'under_way' }])
    await run(rig.workspaceId, id)
    expect(await naming()).toEqual([])
    // once more, as after a commit of which nobody heard
    await run(rig.workspaceId, id)
  })
})

describe('a workspace', () => {
  const { workspaceId } = places.private
  const here = WorkspaceId.parse(workspaceId)

  /** All words and bytes of its rows that are long enough to be told from others. */
  async function contentsOf(owner: Client): Promise<Buffer[]> {
    const { rows } = await owner.query<{ name: string; column: string }>(
      `select c.relname as name, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
       where c.relnamespace = 'whizlite'::regnamespace and c.relkind = 'r' and a.attname in ('workspace_id', 'login_id')`,
    )
    const found: Buffer[] = [Buffer.from(workspaceId)]
    for (const { name, column } of rows) {
      const wanted = column === 'login_id' ? places.private.ownerId : workspaceId
      const { rows: contents } = await owner.query<{ row: Record<string, unknown> }>(
        `select to_jsonb(t) as row from "${name}" t where "${column}" = $1`,
        [wanted],
      )
      for (const { row } of contents)
        for (const value of Object.values(row))
          if (typeof value === 'string' && /^(\\x)?[0-9a-f-]{16,}$/.test(value))
            found.push(Buffer.from(value.replace(/^\\x/, '')))
    }
    return found
  }

  test('is gone from every column of every table, and the others are untouched', async () => {
    const owner = new Client(rig.clone.ownerUrl)
    await owner.connect()
    try {
      await plantScene(owner)
      await owner.query(`insert into workspaces (id, name, slug) values ($1, 'Rest', 'rest') on conflict do nothing`, [
        here,
      ])
      // where foreign keys were awake it could not be otherwise
      await owner.query('update refresh_families set workspace_id = $1 where login_id = $2', [
        here,
        places.private.ownerId,
      ])
      await owner.query(
        'update refresh_tokens t set family_id = f.id from refresh_families f where f.login_id = t.login_id',
      )
      const before = await tables()
      const contents = await contentsOf(owner)
      expect(contents.length).toBeGreaterThan(30)
      const foreign = before.map(({ table, text }) => [
        table,
        text
          .split('\n')
          .filter(line => line.includes(places.foreign.workspaceId) || line.includes(places.foreign.ownerId)),
      ])
      const id = await rig.tenants.transact({ workspaceId: here }, tx => storeErasure(tx, rig.vault, null))
      await run(here, id)
      const after = (await tables()).filter(({ table }) => !['tombstones', 'audit_ended'].includes(table))
      for (const { table, text } of after) {
        // the operator's audit log tells that it was erased
        const told = text.split('\n').filter(line => !(table === 'audit_log' && line.includes('workspace.erased')))
        const left = contents.filter(needle => Buffer.from(told.join('\n')).includes(needle)).map(String)
        expect([table, left]).toEqual([table, []])
      }
      const untouched = (await tables()).map(({ table, text }) => [
        table,
        text
          .split('\n')
          .filter(line => line.includes(places.foreign.workspaceId) || line.includes(places.foreign.ownerId)),
      ])
      expect(untouched).toEqual(foreign)
      expect(await rig.rows.query('select kind from tombstones')).toEqual([{ kind: 'workspace' }])
      const { entries } = await rig.read(tx => readAudit(tx, { action: 'workspace.erased' }))
      expect(entries).toMatchObject([{ by: 'system', target: here }])
      // once more, as after a commit of which nobody heard
      await run(here, id)
    } finally {
      await owner.end()
    }
  })

  test('loses its keys with the first step, whatever comes after', async () => {
    const { workspaceId: own } = rig
    await rig.transact(tx => rig.vault.workspaceSealer(tx, own))
    const id = await rig.transact(tx => storeErasure(tx, rig.vault, null))
    const stopped = new AbortController()
    const steps = rig.tenants.transact
    rig.tenants.transact = (...of: Parameters<typeof steps>) => {
      stopped.abort()
      return steps(...of) as never
    }
    await expect(run(own, id, stopped.signal)).rejects.toThrow()
    rig.tenants.transact = steps
    expect(await rig.rows.query('select from data_keys')).toEqual([])
    expect(await rig.rows.query('select from app_users where suspended_at is null')).toEqual([])
    await run(own, id)
    expect(await rig.rows.query('select from workspaces')).toEqual([])
  })
})
