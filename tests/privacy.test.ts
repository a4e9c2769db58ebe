import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SYSTEM_TABLES } from '../src/backend/database/isolation.js'
import { exported, notExported } from '../src/backend/privacy/exported.js'
import type { WorkspaceId } from '../src/contract/ids.js'
import { CliProcess } from './support/cli-process.js'
import type { Operator } from './support/operator.js'
import { OperatorRig } from './support/operator-rig.js'
import { workspaceRow } from './support/people.js'
import type { Rows } from './support/rows.js'
import { sessionRow } from './support/session-row.js'
import type { TestGateway } from './support/test-gateway.js'

const number = '254712345678'

let rig: OperatorRig
let gateway: TestGateway
let rows: Rows
let operator: Operator
let workspaceId: WorkspaceId

beforeAll(async () => {
  rig = await OperatorRig.open()
  ;({ gateway, rows, operator, workspaceId } = rig)
})
afterAll(() => rig[Symbol.asyncDispose]())

const erasures = '/api/v1/privacy/erasures'
const log = async (target: string) =>
  (await operator.ask('GET', `/api/v1/audit?target=${target}`)).body['entries'] as { action: string; by: string }[]

/** Messages of one contact and of another in a session that nobody runs. */
async function plantMessages(): Promise<string> {
  const sessionId = await sessionRow(rows, workspaceId, { state: 'disconnected', nodeId: null })
  for (const from of [`${number}@s.whatsapp.net`, '254700000009@s.whatsapp.net'])
    await rows.query(
      `insert into inbound_journal (workspace_id, session_id, hash, plaintext, stanza) values ($1, $2, $3, $4, $5)`,
      [workspaceId, sessionId, randomBytes(32), Buffer.from('planted-plaintext'), { id: '1', from }],
    )
  return sessionId
}

const inJournal = async (sessionId: string) =>
  (
    await rows.query<{ from: string }>(`select stanza ->> 'from' as from from inbound_journal where session_id = $1`, [
      sessionId,
    ])
  ).map(({ from }) => from)

describe('a contact', () => {
  test('is erased by a job whose progress can be asked for, and both ends of it are in the audit log', async () => {
    const sessionId = await plantMessages()
    const asked = await operator.ask('POST', erasures, { contact: `+${number}` })
    expect(asked).toMatchObject({ status: 200, body: { kind: 'contact', doneAt: null } })
    const id = String(asked.body['id'])
    await rows.waitFor('select from erasures where id = $1 and done_at is not null and contact is null', [id])
    expect(await inJournal(sessionId)).toEqual(['254700000009@s.whatsapp.net'])
    const done = await operator.ask('GET', `${erasures}/${id}`)
    expect(done.body).toMatchObject({ id, state: 'done', deleted: 1, doneAt: expect.any(String) })
    expect((await operator.ask('GET', erasures)).body['erasures']).toContainEqual(done.body)
    expect((await log(id)).map(({ action, by }) => [action, by])).toEqual([
      ['privacy.erased', 'system'],
      ['privacy.erase_asked', 'service'],
    ])
    expect(gateway.logLines.join('\n')).not.toContain(number)
  })

  test.each([
    ['nobody', {}],
    ['a name', { contact: 'Canary Wanjiku' }],
    ['a group', { contact: '120363000000000001@g.us' }],
    ['a pattern', { contact: '.*@s.whatsapp.net' }],
    ['a contact and a workspace', { contact: number, workspaceId: randomUUID() }],
    ['another workspace', { workspaceId: randomUUID() }],
  ])('that is %s is refused, and not repeated', async (_, body) => {
    const answer = await operator.ask('POST', erasures, body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
    expect(JSON.stringify(answer.body)).not.toMatch(/Canary|g\.us/)
  })

  test('of somebody else’s erasure is not told', async () => {
    expect(await operator.ask('GET', `${erasures}/${randomUUID()}`)).toMatchObject({ status: 404 })
  })
})

describe('an export', () => {
  const read = async (body: object) => {
    const response = await fetch(`${gateway.url}/api/v1/privacy/export`, {
      method: 'POST',
      headers: { authorization: `Bearer ${rig.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.headers.get('content-type')).toMatch(/^application\/x-ndjson/)
    const text = await response.text()
    const lines = text.split('\n').filter(line => line !== '')
    return { text, lines: lines.map(line => JSON.parse(line) as { table: string; row: Record<string, unknown> }) }
  }

  test('knows every table: what it tells of it, or why nothing', async () => {
    const found = await rows.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'whizlite'::regnamespace and relkind in ('r', 'p')`,
    )
    const tenantTables = found.map(({ name }) => name).filter(name => !SYSTEM_TABLES.has(name))
    expect([...exported.keys(), ...notExported.keys()].toSorted()).toEqual(tenantTables.toSorted())
  })

  test('is told of in the record of processing, table by table', () => {
    const text = readFileSync(new URL('../docs/data-kept.md', import.meta.url), 'utf8')
    const missing = [...exported.keys(), ...notExported.keys()].filter(table => !text.includes(`\`${table}\``))
    expect(missing).toEqual([])
  })

  test('has what is stored, and nothing that opens anything', async () => {
    const sessionId = await plantMessages()
    await rows.query(
      `insert into session_credentials (workspace_id, session_id, credentials) values ($1, $2, 'planted-credentials')`,
      [workspaceId, sessionId],
    )
    const { text, lines } = await read({})
    expect(lines).toContainEqual({ table: 'sessions', row: expect.objectContaining({ id: sessionId }) })
    expect(lines).toContainEqual({ table: 'workspaces', row: expect.objectContaining({ id: workspaceId }) })
    expect(text).not.toMatch(/planted|\\\\x|secret_hash|token_hash|credentials|password/)
    for (const { table, row } of lines) {
      const { columns = [], opened } = exported.get(table) ?? {}
      const told = opened === undefined ? columns : [...columns, opened.column]
      expect([table, Object.keys(row).toSorted()]).toEqual([table, told.toSorted()])
    }
    expect(await rows.query(`select from audit_log where entry ->> 'action' = 'privacy.exported'`)).toHaveLength(1)
  })

  test('of a contact has what names them alone', async () => {
    await plantMessages()
    const { lines } = await read({ contact: `${number}@s.whatsapp.net` })
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines)
      expect(line).toMatchObject({ table: 'inbound_journal', row: { stanza: { from: `${number}@s.whatsapp.net` } } })
  })

  test('comes whole, also when it has many pages', async () => {
    const sessionId = await sessionRow(rows, workspaceId, { state: 'disconnected', nodeId: null })
    await rows.query(
      `insert into inbound_journal (workspace_id, session_id, hash, plaintext, stanza)
       select $1, $2, sha256(n::text::bytea), '', jsonb_build_object('id', n::text, 'from', '254711111111@s.whatsapp.net')
       from generate_series(1, 1700) as n`,
      [workspaceId, sessionId],
    )
    const { lines } = await read({ contact: '254711111111' })
    const ids = lines.map(({ row }) => Number((row['stanza'] as { id: string }).id))
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_700 }, (_, n) => n + 1))
  })
})

describe('whizlite privacy', () => {
  const cli = async (words: string[], piped = '') => {
    await using command = new CliProcess(['privacy', ...words], { env: gateway.env, piped })
    const code = await command.exited
    return { code, lines: command.lines.all(), errors: command.errors }
  }

  test('erases a contact and exports what is left, beside a gateway that runs', async () => {
    const sessionId = await plantMessages()
    const before = await cli(['export', '-'], `${number}\n`)
    expect(before).toMatchObject({ code: 0, errors: '' })
    expect(before.lines.some(line => line.includes(sessionId))).toBe(true)
    expect(await cli(['erase', '-', '--yes'], `${number}\n`)).toMatchObject({
      code: 0,
      lines: [expect.stringMatching(/^Erased: [1-9]\d* rows\.$/)],
    })
    expect(await inJournal(sessionId)).toEqual(['254700000009@s.whatsapp.net'])
    expect((await cli(['export', '-'], number)).lines).toEqual([])
    const whole = await cli(['export'])
    expect(whole.lines.length).toBeGreaterThan(10)
    expect(whole.lines.join()).not.toContain(number)
    const asked = await rows.query(`select from audit_log where entry ->> 'by' = 'operator'`)
    expect(asked).toHaveLength(4)
  })

  test('erases a workspace, and not without being sure', async () => {
    const other = await workspaceRow(rows)
    expect(await cli(['erase-workspace', other])).toMatchObject({ code: 2 })
    expect(await cli(['erase-workspace', other, '--yes'])).toMatchObject({ code: 0 })
    expect(await rows.query('select from workspaces where id = $1', [other])).toEqual([])
    expect(await cli(['erase-workspace', workspaceId, '--yes'])).toMatchObject({
      code: 1,
      errors: expect.stringContaining('operator’s own workspace'),
    })
  })

  test('repeats nothing that is no number', async () => {
    const { code, errors } = await cli(['erase', '-', '--yes'], 'Canary Wanjiku')
    expect([code, errors]).toEqual([1, expect.not.stringContaining('Canary')])
  })
})

describe('a workspace', () => {
  test('that is the operator’s is not erased under them', async () => {
    expect(await operator.ask('POST', erasures, { workspaceId })).toMatchObject({ status: 403 })
  })

  test('is erased by its owner, whole', async () => {
    const other = randomUUID()
    const owner = randomUUID()
    await rows.query(`insert into workspaces (id, name, slug) values ($1, 'Other', 'other')`, [other])
    await rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Owner', 'owner')`, [
      other,
      owner,
    ])
    await sessionRow(rows, other as WorkspaceId, { state: 'disconnected', nodeId: null })
    const headers = { 'x-workspace-id': other, 'x-user-id': owner }
    const asked = await operator.ask('POST', erasures, { workspaceId: other }, headers)
    expect(asked).toMatchObject({ status: 200, body: { kind: 'workspace', state: 'under_way' } })
    await rows.waitFor(`select from tombstones where workspace_id = $1 and kind = 'workspace'`, [other])
    await rows.waitFor(`select where not exists (select from workspaces where id = $1)`, [other])
    expect(await rows.query('select from sessions where workspace_id = $1', [other])).toEqual([])
    expect(await rows.query('select from session_leases where workspace_id = $1', [other])).toEqual([])
  })

  test('that an older database brings back is erased again by the next start', async () => {
    const [{ workspace_id: other = '' } = {}] = await rows.query<{ workspace_id?: string }>(
      `select workspace_id from tombstones where kind = 'workspace' order by erased_at desc limit 1`,
    )
    const file = join(gateway.dataDir, 'erased.ndjson')
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8')).toContain(other)
    await gateway.stopApp()
    await rows.query('delete from tombstones')
    await rows.query(`insert into workspaces (id, name, slug) values ($1, 'Other', 'other')`, [other])
    await gateway.startApp()
    operator = rig.operator
    await rows.waitFor(`select where not exists (select from workspaces where id = $1)`, [other])
    await rows.waitFor(`select from tombstones where workspace_id = $1`, [other])
    expect(gateway.logLines.some(line => line.includes('"event":"erased_again"'))).toBe(true)
  })

  test('is not erased by an admin', async () => {
    const admin = randomUUID()
    await rows.query(`insert into app_users (workspace_id, id, name, role) values ($1, $2, 'Admin', 'admin')`, [
      workspaceId,
      admin,
    ])
    const answer = await operator.ask('POST', erasures, { workspaceId }, { 'x-user-id': admin })
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })
})
