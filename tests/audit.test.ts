import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditPage } from '../src/contract/audit.js'
import type { WorkspaceId } from '../src/contract/ids.js'
import { CliProcess } from './support/cli-process.js'
import { Operator } from './support/operator.js'
import { OperatorRig } from './support/operator-rig.js'
import { memberRow } from './support/people.js'
import type { Rows } from './support/rows.js'
import { sessionRow } from './support/session-row.js'
import type { TestGateway } from './support/test-gateway.js'

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

const page = async (query = '') => (await operator.ask('GET', `/api/v1/audit${query}`)).body as unknown as AuditPage

describe('commands to a session', () => {
  test('are noted with who gave them, in the order in which they were given', async () => {
    const sessionId = await sessionRow(rows, workspaceId, { state: 'disconnected', nodeId: null })
    await operator.command(sessionId, 'hand-off', { deliverSessionId: false })
    await operator.command(sessionId, 'disconnect')
    await operator.ask('DELETE', `/api/v1/sessions/${sessionId}`)
    const { entries, head } = await page(`?target=${sessionId}`)
    const by = { by: 'service', result: 'done', target: sessionId, address: '127.0.0.1', userId: expect.any(String) }
    expect(entries).toEqual([
      expect.objectContaining({ ...by, action: 'session.delete' }),
      expect.objectContaining({ ...by, action: 'session.disconnect' }),
      expect.objectContaining({ ...by, action: 'session.hand_off', detail: { deliver: false } }),
    ])
    expect(head).toEqual({ seq: entries[0]?.seq, hash: entries[0]?.hash })
  })

  test('that were refused are not: nothing was done', async () => {
    const sessionId = await sessionRow(rows, workspaceId, { state: 'banned', nodeId: null })
    expect(await operator.command(sessionId, 'logout')).toMatchObject({ status: 409 })
    expect((await page(`?target=${sessionId}`)).entries).toEqual([])
  })
})

describe('a command that somebody may not give', () => {
  const refusals = async (query: string) =>
    (await page(query)).entries.map(({ action, result, detail, target, by }) => ({
      action,
      result,
      detail,
      target,
      by,
    }))

  test('is noted with who gave it: what is another’s, what is not there, and what a key has no scope for', async () => {
    const owner = await memberRow(rows, workspaceId)
    const asking = await memberRow(rows, workspaceId)
    const hidden = await sessionRow(rows, workspaceId, { state: 'disconnected', nodeId: null })
    const shown = await sessionRow(rows, workspaceId, { state: 'disconnected', nodeId: null })
    await rows.query('update sessions set owner_id = $1 where id = any ($2)', [owner, [hidden, shown]])
    await rows.query(`update sessions set visibility = 'workspace' where id = $1`, [shown])
    const as = (sessionId: string, name: string) =>
      operator.ask('POST', `/api/v1/sessions/${sessionId}/${name}`, {}, { 'x-user-id': asking })
    expect((await as(hidden, 'connect')).status).toBe(404)
    expect((await as(shown, 'logout')).status).toBe(403)
    const refused = { result: 'refused', by: 'service' }
    expect(await refusals(`?target=${hidden}`)).toEqual([
      { ...refused, action: 'session.connect', target: hidden, detail: { code: 'session_not_found' } },
    ])
    expect(await refusals(`?target=${shown}`)).toEqual([
      { ...refused, action: 'session.logout', target: shown, detail: { code: 'forbidden' } },
    ])
    const [own] = (await page(`?target=${hidden}`)).entries
    expect(own).toMatchObject({ userId: asking, address: '127.0.0.1' })

    const made = await operator.ask('POST', '/api/v1/api-keys', { name: 'Reader', scopes: ['read'] })
    const reader = new Operator(gateway.url, String(made.body['key']))
    const session = await sessionRow(rows, workspaceId, { state: 'disconnected', nodeId: null })
    expect((await reader.command(session, 'disconnect')).status).toBe(403)
    expect((await reader.ask('GET', `/api/v1/sessions/${randomUUID()}`)).status).toBe(404)
    expect(await refusals(`?target=${session}`)).toEqual([
      { by: 'key', result: 'refused', action: 'session.disconnect', target: session, detail: { code: 'forbidden' } },
    ])
  })

  test('is noted once for the routes that other services know by name, too', async () => {
    const sessionId = randomUUID()
    expect((await operator.ask('POST', '/disconnect', { sessionId })).status).toBe(404)
    const [last, before] = await refusals('?action=session.disconnect')
    expect(last).toMatchObject({ by: 'service', result: 'refused', detail: { code: 'session_not_found' } })
    expect(before).not.toEqual(last)
    // what is nobody's here is another's perhaps, and no id of theirs
    expect(await refusals(`?target=${sessionId}`)).toEqual([])
  })

  test('by nobody is not: it would be for anybody to fill the log', async () => {
    const before = (await page()).head
    const sessionId = randomUUID()
    const { status } = await gateway.visitor().request('POST', `/api/v1/sessions/${sessionId}/logout`)
    expect(status).toBe(401)
    expect((await page()).head).toEqual(before)
  })
})

describe('the log', () => {
  test.each([
    ['?action=session.dance', 'action'],
    ['?before=x', 'before'],
    ['?limit=0', 'limit'],
    ['?target=1', 'target'],
    ['?since=yesterday', 'since'],
  ])('is not asked by %s', async (query, path) => {
    expect(await operator.ask('GET', `/api/v1/audit${query}`)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path }] },
    })
  })

  test('is for those who manage the workspace', async () => {
    expect(await gateway.visitor().request('GET', '/api/v1/audit')).toMatchObject({ status: 401 })
  })
})

describe('whizlite audit verify', () => {
  const verify = async (...words: string[]) => {
    await using cli = new CliProcess(['audit', 'verify', ...words], { env: gateway.env })
    const code = await cli.exited
    return { code, output: cli.output, errors: cli.errors }
  }

  test('says that the log is whole, and what to keep of it', async () => {
    const { code, output } = await verify()
    const { head } = await page()
    expect({ code, output }).toEqual({
      code: 0,
      output: `${workspaceId}  whole: ${head?.seq ?? ''} entries. Head: ${workspaceId}:${head?.seq ?? ''}:${head?.hash ?? ''}`,
    })
    expect(await verify('--head', output.split('Head: ')[1] ?? '')).toMatchObject({ code: 0 })
  })

  test('notices an end that was cut off, and by a head kept elsewhere also one that was cut off together with its head', async () => {
    const { output } = await verify()
    const kept = output.split('Head: ')[1] ?? ''
    const { head } = await page()
    const last = Number(head?.seq)
    await rows.query('delete from audit_log where seq = $1', [last])
    const cut = `${workspaceId}  BROKEN: entry ${last} is missing: the end of the log was cut off there.`
    expect(await verify()).toEqual({ code: 1, output: cut, errors: '' })
    await rows.query(
      'update audit_heads h set seq = l.seq, hash = l.hash from audit_log l where l.seq = $1 and l.workspace_id = h.workspace_id',
      [last - 1],
    )
    expect(await verify()).toMatchObject({ code: 0 })
    expect(await verify('--head', kept)).toEqual({ code: 1, output: cut, errors: '' })
  })

  test('ends with 1 and the first broken place', async () => {
    await rows.query(`update audit_log set entry = entry || '{"by":"visitor"}' where seq = 2`)
    expect(await verify()).toEqual({ code: 1, output: `${workspaceId}  BROKEN: entry 2 was changed.`, errors: '' })
    expect(JSON.parse((await verify('--json')).output)).toMatchObject([{ fault: { seq: '2', fault: 'changed' } }])
  })

  test('refuses what is no head, and a database that is not there', async () => {
    expect(await verify('--head', 'x')).toMatchObject({ code: 2, errors: expect.stringContaining('--head must be') })
    await using cli = new CliProcess(['audit', 'verify'], { env: { ...gateway.env, DATABASE_URL: '' } })
    expect(await cli.exited).toBe(1)
    expect(cli.errors).toMatch(/^There is no database in the data folder/)
  })
})
