import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MemberLine, ticketOf } from './support/member-line.js'
import { TwoNodes } from './support/two-nodes.js'

let nodes: TwoNodes

beforeAll(async () => {
  nodes = await TwoNodes.start()
})
afterAll(() => nodes[Symbol.asyncDispose]())

const tickets = async () =>
  Number((await nodes.rows.query<{ count: string }>('select count(*) from whizlite.ws_tickets'))[0]?.count)

async function knock(ticket: string, headers: Record<string, string> = {}, url = nodes.there.url): Promise<number> {
  const line = new MemberLine(url, { query: `?token=${ticket}`, headers })
  const status = await line.status
  if (status === 101) await line.close()
  return status
}

describe('a ticket', () => {
  test('opens a socket on another node as who got it, once', async () => {
    const ticket = await ticketOf(nodes.here)
    const line = new MemberLine(nodes.there.url, { query: `?token=${ticket}` })
    const { data } = await line.waitForEvent('ready')
    const [user] = await nodes.rows.query<{ id: string; workspace_id: string }>(
      'select id, workspace_id from whizlite.app_users where is_default',
    )
    expect(data).toEqual({ userId: user?.id, workspaceId: user?.workspace_id })
    for (const url of [nodes.here.url, nodes.there.url]) expect(await knock(ticket, {}, url)).toBe(401)
    await line.close()
    expect(await tickets()).toBe(0)
  })

  test('that many show at once opens one socket', async () => {
    const ticket = await ticketOf(nodes.here)
    const urls = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? nodes.here.url : nodes.there.url))
    const statuses = await Promise.all(urls.map(url => knock(ticket, {}, url)))
    expect(statuses.toSorted((a, b) => a - b)).toEqual([101, ...Array.from({ length: 9 }, () => 401)])
  })

  test('is stored as a hash, and says how long it is good', async () => {
    const { body } = await nodes.here.ask('POST', '/api/v1/ws-tickets', {})
    expect(body).toEqual({ ticket: expect.stringMatching(/^wst_[\w-]{64}$/) as unknown, expiresIn: 30 })
    const rows = JSON.stringify(await nodes.rows.query('select * from whizlite.ws_tickets'))
    expect(rows).not.toContain(String(body['ticket']).slice(30))
    await knock(String(body['ticket']))
  })

  test('is no good after its time, and those that are made then clear it away', async () => {
    const ticket = await ticketOf(nodes.here)
    const end = `update whizlite.ws_tickets set expires_at = clock_timestamp() - interval '1 ms'`
    await nodes.rows.query(end)
    expect(await knock(ticket)).toBe(401)
    await ticketOf(nodes.here)
    await nodes.rows.query(end)
    const good = await ticketOf(nodes.here)
    // not each of them looks
    await expect
      .poll(async () => {
        await knock(await ticketOf(nodes.here))
        return tickets()
      })
      .toBe(1)
    expect(await knock(good)).toBe(101)
  })

  test('that was stolen is no good on another page, and after that on none', async () => {
    const origin = nodes.gateway.url
    for (const thief of [{ origin: 'https://evil.example' }, { origin: 'null' }, {}]) {
      const ticket = await ticketOf(nodes.here, { origin })
      expect(await knock(ticket, thief as Record<string, string>)).toBe(401)
      expect(await knock(ticket, { origin })).toBe(401)
    }
    expect(await knock(await ticketOf(nodes.here), { origin })).toBe(401)
    expect(await knock(await ticketOf(nodes.here, { origin }), { origin })).toBe(101)
  })

  test('is got by a program for the page that it serves, by a page for itself alone', async () => {
    const origin = 'https://app.example.com'
    expect(await knock(await ticketOf(nodes.here, {}, { origin }), { origin })).toBe(101)
    expect(await knock(await ticketOf(nodes.here, {}, { origin }))).toBe(401)
    const other = await nodes.here.ask('POST', '/api/v1/ws-tickets', { origin }, { origin: nodes.here.url })
    expect(other).toMatchObject({ status: 400, body: { code: 'validation_failed', errors: [{ path: 'origin' }] } })
    for (const wrong of ['app.example.com', 'https://app.example.com/', 'null', `https://${'a'.repeat(300)}.example`]) {
      const { status, body } = await nodes.here.ask('POST', '/api/v1/ws-tickets', { origin: wrong })
      expect([wrong, status, body['code']]).toEqual([wrong, 400, 'validation_failed'])
    }
  })

  test('is got by nobody who is not known', async () => {
    const visitor = nodes.gateway.visitor()
    expect(await visitor.request('POST', '/api/v1/ws-tickets', {})).toMatchObject({ status: 401 })
    await visitor.start()
    expect(await visitor.request('POST', '/api/v1/ws-tickets', {})).toMatchObject({ status: 401 })
  })
})

describe('behind ?token=', () => {
  test('nothing else is taken, and nothing of it is written down', async () => {
    const good = await ticketOf(nodes.here)
    const wrong = [
      '',
      nodes.token,
      `${nodes.token}&after=1`,
      good.slice(0, -1),
      `${good}&token=${good}`,
      `wst_${'A'.repeat(64)}`,
      `wst_${'_'.repeat(64)}`,
      'whiz_live_abcdefgh_secret_crc',
      'e30.e30.e30',
      '%00',
      'x'.repeat(4_000),
    ]
    for (const token of wrong) expect([token, await knock(token, {}, nodes.here.url)]).toEqual([token, 401])
    // a cookie, or a right header, does not make up for it
    const { visitor } = await startedVisitor()
    expect(await knock('nonsense', { cookie: visitor.cookie ?? '' }, nodes.here.url)).toBe(401)
    expect(await knock('nonsense', { authorization: `Bearer ${nodes.token}` }, nodes.here.url)).toBe(401)
    const logged = nodes.gateway.logLines.join('\n')
    for (const token of wrong.filter(text => text.length > 8)) expect(logged).not.toContain(token)
    expect(await knock(good)).toBe(101)
  })

  async function startedVisitor() {
    const visitor = nodes.gateway.visitor()
    await visitor.start()
    return { visitor }
  }
})

describe('the Authorization header', () => {
  const authorization = () => ({ authorization: `Bearer ${nodes.token}` })

  test('opens a socket for a program', async () => {
    const line = new MemberLine(nodes.there.url, { headers: authorization() })
    await line.waitForEvent('ready')
    expect(await line.close()).toBe(1005)
  })

  test.each(['Bearer wrong', 'Bearer ', 'Bearer whiz_live_aaaaaaaa_b_c', 'Bearer a.b.c', 'Token x'])(
    'that is wrong (%s) opens none, whatever cookie comes with it',
    async wrong => {
      const visitor = nodes.gateway.visitor()
      await visitor.start()
      const headers = { authorization: wrong, cookie: visitor.cookie ?? '' }
      const line = new MemberLine(nodes.gateway.url, { headers })
      expect(await line.status).toBe(401)
    },
  )

  test('is not taken from a page of another site', async () => {
    const headers = { ...authorization(), origin: 'https://evil.example' }
    expect(await new MemberLine(nodes.here.url, { headers }).status).toBe(403)
  })

  test('opens so many sockets and no more, until one closes', async () => {
    const [user] = await nodes.rows.query<{ id: string }>(
      `insert into whizlite.app_users (workspace_id, id, name, role)
       select id, gen_random_uuid(), 'Many', 'member' from whizlite.workspaces limit 1 returning id`,
    )
    const headers = { ...authorization(), 'x-user-id': user?.id ?? '' }
    const open = () => new MemberLine(nodes.there.url, { headers })
    const lines = Array.from({ length: 50 }, open)
    expect(new Set(await Promise.all(lines.map(line => line.status)))).toEqual(new Set([101]))
    expect(await open().status).toBe(429)
    await lines[0]?.close()
    await expect.poll(() => open().status).toBe(101)
    for (const line of lines) line.socket.terminate()
  })
})
