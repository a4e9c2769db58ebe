import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { JOBS_SCHEMA } from '../src/backend/database/job-queue.js'
import type { Phone } from '../src/simulator/index.js'
import { CliTerminal } from './support/cli-terminal.js'
import { openBot } from './support/bot.js'
import type { Operator } from './support/operator.js'
import type { Rows } from './support/rows.js'
import { TwoNodes } from './support/two-nodes.js'

let nodes: TwoNodes
let rows: Rows
let here: Operator
let there: Operator

beforeAll(async () => {
  nodes = await TwoNodes.start()
  ;({ rows, here, there } = nodes)
})

afterAll(() => nodes[Symbol.asyncDispose]())

const isIn = (sessionId: string, state: string, reason: string | null = null) =>
  rows.waitFor(`select from sessions where id = $1 and state = $2 and reason is not distinct from $3`, [
    sessionId,
    state,
    reason,
  ])

const said = (sessionId: string) =>
  nodes.gateway.logLines
    .filter(line => line.includes(sessionId) && /"event":"session_(command|work_failed)/.test(line))
    .map(line => /"event":"(\w+)".*"command":"(\w+)"(?:.*"code":"(\w+)")?/.exec(line)?.slice(1) ?? [line])

const loginsOf = async (phone: Phone) =>
  (await nodes.gateway.simulator.ledger({ direction: 'out', tag: 'success', account: phone.phoneNumber })).length

describe('a session that another node runs', () => {
  let phone: Phone
  let sessionId: string

  beforeEach(async () => {
    ;({ phone, sessionId } = await nodes.link())
    await phone.waitForDevice('online')
  }, 90_000)

  test('is disconnected, stays so, and is connected again by its credentials', async () => {
    const closed = await there.command(sessionId, 'disconnect')
    expect(closed).toMatchObject({
      status: 200,
      body: { sessionId, state: 'disconnected', status: 'disconnected', reason: { code: 'stopped' } },
    })
    await phone.waitForDevice('offline')
    expect(await phone.devices()).toHaveLength(1)
    expect(await here.command(sessionId, 'disconnect')).toMatchObject({ status: 200, body: closed.body })
    expect(await there.command(sessionId, 'connect')).toMatchObject({ status: 200, body: { status: 'connecting' } })
    await isIn(sessionId, 'connected')
    await phone.waitForDevice('online')
    expect(await here.command(sessionId, 'connect')).toMatchObject({ status: 200, body: { state: 'connected' } })
    expect(said(sessionId)).toEqual(['disconnect', 'connect'].map(command => ['session_command', command, undefined]))
  })

  test('is not connected before the end of a restriction, whatever else it rests over by then', async () => {
    await there.command(sessionId, 'disconnect')
    await rows.query(
      `update sessions set reason = 'storage_damaged', until = now() + interval '1 hour' where id = $1`,
      [sessionId],
    )
    expect(await there.command(sessionId, 'connect')).toMatchObject({ status: 409, body: { code: 'session_state' } })
    await rows.query(`update sessions set until = now() where id = $1`, [sessionId])
    expect(await there.command(sessionId, 'connect')).toMatchObject({ status: 200, body: { status: 'connecting' } })
    await isIn(sessionId, 'connected')
  })

  test('makes a new connection when it is asked to, on the node that has it', async () => {
    const before = await loginsOf(phone)
    expect(await there.command(sessionId, 'reconnect')).toMatchObject({ status: 200 })
    await vi.waitFor(async () => expect(await loginsOf(phone)).toBe(before + 1), { timeout: 20_000 })
    await isIn(sessionId, 'connected')
    const errors = await nodes.gateway.simulator.ledger({
      direction: 'out',
      tag: 'stream:error',
      account: phone.phoneNumber,
    })
    // the one that every link ends with: nobody was thrown out
    expect(errors.map(({ attrs }) => attrs?.['code'])).toEqual(['515'])
  })

  test('is logged out: the device is off the account, and to ask twice is to ask once', async () => {
    const [first, second] = await Promise.all([there.command(sessionId, 'logout'), here.command(sessionId, 'logout')])
    for (const answer of [first, second])
      expect(answer).toMatchObject({ status: 200, body: { state: 'logged_out', reason: { code: 'revoked' } } })
    expect(await phone.devices()).toEqual([])
    expect(await there.command(sessionId, 'logout')).toMatchObject({ status: 200, body: { state: 'logged_out' } })
    for (const name of ['connect', 'reconnect', 'hand-off'])
      expect(await there.command(sessionId, name)).toMatchObject({
        status: 409,
        body: { code: 'session_state', action: expect.stringContaining('Link the account again') },
      })
    expect((await here.command(sessionId, 'connect')).status).toBe(409)
    const refused = ['session_command_refused', 'connect', 'session_state']
    expect(said(sessionId)).toEqual([['session_command', 'logout', undefined], refused])
  })

  test('is handed off without a word, and taken back', async () => {
    const answer = await there.command(sessionId, 'hand-off')
    expect(answer).toMatchObject({ status: 200, body: { state: 'handed_off', mode: 'handed_off' } })
    await phone.waitForDevice('offline')
    expect(await phone.messages(phone.jid)).toEqual([])
    expect(await there.command(sessionId, 'hand-off')).toMatchObject({ status: 200, body: answer.body })
    for (const [name, body] of [['connect'], ['logout'], ['hand-off', { deliverSessionId: true }]] as const)
      expect(await there.command(sessionId, name, body)).toMatchObject({
        status: 409,
        body: { code: 'session_state', action: expect.stringContaining('take-back') },
      })
    expect(await there.command(sessionId, 'take-back', { botStopped: true })).toMatchObject({ status: 200 })
    await isIn(sessionId, 'connected')
  })

  test('is handed off with its session ID, with which a bot runs', async () => {
    expect(await there.command(sessionId, 'hand-off', { deliverSessionId: true })).toMatchObject({
      status: 200,
      body: { state: 'connecting', reason: { code: 'handing_off' } },
    })
    await isIn(sessionId, 'handed_off', 'given_away')
    await phone.waitForDevice('offline')
    const [secret, notice, ...more] = await phone.messages(phone.jid)
    expect(secret?.text).toMatch(/^WHIZLITE_/)
    expect(notice?.text).toContain('deploy your bot')
    expect(more).toEqual([])
    const bot = await openBot(nodes.gateway.simulator, secret?.text ?? '')
    await phone.send(phone.jid, 'hello, bot')
    await bot.text('hello, bot')
    await bot.close()
    // what seals the string goes with the session
    const sealedBy = `select k.session_id from session_strings t join data_keys k
      on k.id = encode(substr(t.string, 3, 16), 'hex')::uuid where t.session_id = $1`
    expect(await rows.query(sealedBy, [sessionId])).toEqual([{ session_id: sessionId }])
  })
})

describe('a session that is deleted', () => {
  const isGone = async (sessionId: string) => {
    for (const asks of [here, there]) {
      expect(await asks.view(sessionId)).toMatchObject({ status: 404, body: { code: 'session_not_found' } })
      expect(JSON.stringify((await asks.ask('GET', '/sessions')).body)).not.toContain(sessionId)
      expect(await asks.command(sessionId, 'connect')).toMatchObject({ status: 404 })
    }
  }

  const cleanUp = () => rows.query(`select from ${JOBS_SCHEMA}.add_job('session-cleanup')`)

  /** Has the quarantine be over, and what is due be destroyed. */
  const shred = async (sessionId: string) => {
    await cleanUp()
    await rows.waitFor(`select from sessions where id = $1 and shred_at > now() + interval '71 hours'`, [sessionId])
    await rows.query(`update sessions set shred_at = now() where id = $1`, [sessionId])
    await cleanUp()
    await rows.waitFor(`select where not exists (select from sessions where id = $1)`, [sessionId])
  }

  const remains = async (sessionId: string): Promise<string[]> => {
    const tables = await rows.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'session_id'
      where c.relnamespace = 'whizlite'::regnamespace and c.relkind = 'r' and c.relname <> 'event_log'`,
    )
    const found: string[] = []
    for (const { name } of tables)
      if ((await rows.query(`select from whizlite.${name} where session_id = $1`, [sessionId])).length > 0)
        found.push(name)
    return found
  }

  test('is logged out, gone at once, and in the end leaves nothing', async () => {
    const { phone, sessionId } = await nodes.link({ name: 'Soon gone' })
    await phone.waitForDevice('online')
    const answer = await there.ask('DELETE', `/api/v1/sessions/${sessionId}`)
    expect(answer).toMatchObject({ status: 200, body: { sessionId, state: 'logged_out' } })
    expect(await phone.devices()).toEqual([])
    await isGone(sessionId)
    expect(await here.ask('DELETE', `/api/v1/sessions/${sessionId}`)).toMatchObject({ status: 200, body: answer.body })
    expect(await remains(sessionId)).toContain('session_credentials')
    await shred(sessionId)
    expect(await remains(sessionId)).toEqual([])
  }, 60_000)

  test('is left alone at WhatsApp when a bot has it', async () => {
    const { phone, sessionId } = await nodes.link()
    await here.command(sessionId, 'hand-off')
    expect(await there.ask('DELETE', `/api/v1/sessions/${sessionId}`)).toMatchObject({
      status: 200,
      body: { state: 'handed_off' },
    })
    await isGone(sessionId)
    expect(await phone.devices()).toHaveLength(1)
    await shred(sessionId)
    expect(await phone.devices()).toHaveLength(1)
  })

  test('and cannot be logged out is given up after a while', async () => {
    const { phone, sessionId } = await nodes.link()
    await here.command(sessionId, 'disconnect')
    await phone.waitForDevice('offline')
    // as if WhatsApp had not been reached since
    await rows.query(`update sessions set deleted_at = now() - interval '11 minutes' where id = $1`, [sessionId])
    await shred(sessionId)
    expect(await remains(sessionId)).toEqual([])
  })
})

test('a session that rests is logged out all the same', async () => {
  const { phone, sessionId } = await nodes.link()
  await here.command(sessionId, 'disconnect')
  await phone.waitForDevice('offline')
  expect(await there.command(sessionId, 'logout')).toMatchObject({ status: 200, body: { state: 'logged_out' } })
  expect(await phone.devices()).toEqual([])
})

describe('what is told', () => {
  test('a name, the history, pages of some states or of all', async () => {
    const { sessionId, phone } = await nodes.link({ name: ' Shop  ' })
    expect(await there.view(sessionId)).toMatchObject({
      status: 200,
      body: { name: 'Shop', state: 'connected', phoneNumber: phone.phoneNumber, mode: 'managed' },
    })
    expect(await here.ask('PATCH', `/api/v1/sessions/${sessionId}`, { name: 'Shöp 🛒' })).toMatchObject({
      body: { name: 'Shöp 🛒' },
    })
    expect(await rows.query(`select from sessions where name::text like '%' || encode('Sh', 'hex') || '%'`)).toEqual([])
    await there.command(sessionId, 'disconnect')
    const history = await there.ask('GET', `/api/v1/sessions/${sessionId}/history?limit=1`)
    expect(history.body).toMatchObject({ entries: [{ state: 'disconnected', reason: { code: 'stopped' } }] })
    const older = await there.ask('GET', `/api/v1/sessions/${sessionId}/history?before=${String(history.body['next'])}`)
    expect(older.body).toMatchObject({ entries: [{ state: 'connected' }], next: null })

    const list = async (query: string) =>
      (await there.ask('GET', `/api/v1/sessions?${query}`)).body as {
        sessions: { sessionId: string; state: string }[]
        next: string | null
      }
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(`limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      seen.push(...page.sessions.map(each => each.sessionId))
      cursor = page.next
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toContain(sessionId)
    const resting = await list('state=disconnected,logged_out')
    expect(resting.sessions).toContainEqual(expect.objectContaining({ sessionId, state: 'disconnected' }))
    for (const { state } of resting.sessions) expect(['disconnected', 'logged_out']).toContain(state)
    expect(JSON.stringify(await list('state=connected'))).not.toContain(sessionId)
    expect(await here.ask('PATCH', `/api/v1/sessions/${sessionId}`, { name: null })).toMatchObject({
      body: { name: null },
    })
  })
})

test('the command line lists sessions, tells of one and commands it, for people and for programs', async () => {
  const { sessionId } = await nodes.link({ name: 'On the line' })
  const run = async (...words: string[]) => {
    const terminal = new CliTerminal({ window: null, env: { WHATSAPP_SERVICE_TOKEN: nodes.token } })
    const code = await terminal.run(...words, '--url', nodes.other.url)
    return { code, output: terminal.output, errors: terminal.errors }
  }
  expect((await run('sessions', '--state', 'connected')).output).toMatch(
    new RegExp(`^${sessionId}  connected .*On the line$`, 'm'),
  )
  expect(await run('session', 'disconnect', sessionId)).toMatchObject({
    code: 0,
    output: expect.stringContaining('disconnected on request'),
  })
  expect((await run('session', 'status', sessionId)).output).toMatch(/^Run by +nobody$/m)
  expect((await run('sessions', '--state', 'nonsense')).errors).toMatch(/Correct state \(.+\)\.\n$/)
  expect(JSON.parse((await run('session', 'status', sessionId, '--json')).output)).toMatchObject({
    sessionId,
    state: 'disconnected',
  })
  expect(await run('session', 'delete', sessionId)).toMatchObject({ code: 1, errors: expect.stringContaining('--yes') })
  expect(await run('session', 'hand-off', sessionId)).toMatchObject({ code: 0 })
  expect(await run('session', 'connect', sessionId)).toMatchObject({
    code: 1,
    errors: expect.stringContaining(`(whizlite session take-back ${sessionId} --bot-stopped)`),
  })
  expect(await run('session', 'delete', sessionId, '--yes')).toMatchObject({
    code: 0,
    output: `Session ${sessionId} is deleted.\n`,
  })
  expect(await run('session', 'status', sessionId)).toMatchObject({
    code: 1,
    errors: expect.stringContaining('There is no such session.'),
  })
}, 90_000)
