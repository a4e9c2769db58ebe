import { createSecretKey, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { bodyCell } from '../linking/templates-store.js'
import { storeName } from '../sessions/session-name.js'
import { exported } from './exported.js'
import { exportLines } from './export-lines.js'
import { createPrivacy } from './privacy.js'
import { createTombstones } from './tombstones.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
})
afterAll(() => rig[Symbol.asyncDispose]())

type Line = { table: string; row: Record<string, unknown> }

async function linesOf(lines: AsyncIterable<string>, each: (line: Line) => void | Promise<void> = () => {}) {
  const found: Line[] = []
  for await (const text of lines) {
    const line = JSON.parse(text) as Line
    found.push(line)
    await each(line)
  }
  return found
}

test('goes by keys that tell rows apart, and that have an index', async () => {
  const indexes = await rig.rows.query<{ table: string; columns: string }>(
    `select c.relname as table, array_to_string(array(
       select a.attname::text from unnest(i.indkey) with ordinality as k (num, at)
       join pg_attribute a on a.attrelid = c.oid and a.attnum = k.num order by k.at), ' ') as columns
     from pg_index i join pg_class c on c.oid = i.indrelid
     where c.relnamespace = 'whizlite'::regnamespace and i.indisunique and i.indpred is null`,
  )
  const unique = new Set(indexes.map(({ table, columns }) => `${table} ${columns}`))
  for (const [table, { keys }] of exported)
    expect(unique).toContain([table, ...(table === 'workspaces' ? [] : ['workspace_id']), ...keys].join(' '))
})

test('a row that is changed between two pages is told once', async () => {
  const made = await rig.rows.query<{ id: string }>(
    `insert into people (workspace_id, phone_number, display_name)
     select $1, (254600000000 + n)::text, 'Before' from generate_series(1, 1200) as n returning id`,
    [rig.workspaceId],
  )
  let changed = false
  const lines = await linesOf(exportLines(rig, rig, null), async ({ table }) => {
    if (table !== 'people' || changed) return
    changed = true
    // which moves every row to another place in the table
    await rig.rows.query(`update people set display_name = 'After'`)
  })
  const ids = lines.filter(({ table }) => table === 'people').map(({ row }) => String(row['id']))
  expect(ids.toSorted()).toEqual(made.map(({ id }) => id).toSorted())
})

test('what people have written is told as they wrote it, and what was damaged holds nothing up', async () => {
  const [named, damaged] = [await rig.session(), await rig.session()]
  await rig.transact(async tx => {
    await storeName(tx, rig.vault, named, 'Boutique')
    const sealer = await rig.vault.workspaceSealer(tx, rig.workspaceId)
    const body = await sealer.seal(tx, bodyCell('instructions'), Buffer.from('Karibu!'))
    await tx.db
      .insertInto('message_templates')
      .values({ workspace_id: rig.workspaceId, name: 'instructions', body, updated_at: new Date() })
      .execute()
    await rig.events.append(tx, { event: 'qr_scanned', data: { sessionId: named } })
  })
  await rig.rows.query(`update sessions set name = '\\x0102' where id = $1`, [damaged])
  const lines = await linesOf(exportLines(rig, rig, null))
  const of = (table: string) => lines.filter(line => line.table === table).map(({ row }) => row)
  expect(of('sessions').find(({ id }) => id === named)).toMatchObject({ name: 'Boutique' })
  expect(of('sessions').find(({ id }) => id === damaged)).toMatchObject({ name: null })
  expect(of('message_templates')).toMatchObject([{ name: 'instructions', body: 'Karibu!' }])
  expect(of('event_log').find(row => row['event'] === 'qr_scanned')).toMatchObject({
    data: JSON.stringify({ sessionId: named }),
  })
})

test('of a contact it knows the LID that only a session has which the caller does not see', async () => {
  const [number, lid] = ['254733445566', '198765432101234']
  const [member, shown, hidden] = [randomUUID(), await rig.session(), await rig.session()]
  await rig.rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Admin', 'admin')`, [
    rig.workspaceId,
    member,
  ])
  await rig.rows.query(`update sessions set visibility = 'workspace' where id = $1`, [shown])
  await rig.rows.query(`update sessions set phone_number = $2, lid = $3 where id = $1`, [hidden, number, `${lid}@lid`])
  await rig.rows.query(
    `update people p set phone_number = $2, lid = $3 from sessions s where s.person_id = p.id and s.id = $1`,
    [hidden, number, lid],
  )
  for (const id of [shown, hidden])
    await rig.rows.query(
      `insert into inbound_journal (workspace_id, session_id, hash, plaintext, stanza) values ($1, $2, sha256('x'), '\\x00', $3)`,
      [rig.workspaceId, id, { from: `${lid}@lid` }],
    )
  const tombstones = createTombstones({ key: createSecretKey(randomBytes(32)), kekId: 'any' })
  const { tenants, vault, events, workspaceId } = rig
  const privacy = createPrivacy({ tenants, vault, events, tombstones, operatorWorkspace: () => workspaceId })
  const scope = { workspaceId: rig.workspaceId, userId: member, by: { kind: 'user' } } as const
  const lines = await linesOf(await privacy.export(scope, number))
  expect(lines.map(({ table, row }) => [table, row['session_id']])).toEqual([['inbound_journal', shown]])
})
