import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importSessions } from './cluster/import-sessions.js'
import { Operator } from './support/operator.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'

const token = randomBytes(32).toString('hex')
const firstNumber = 254_748_000_001
/** More than a process has connections to the database. */
const count = 13
let gateway: TestGateway
let rows: Rows
let operator: Operator

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
  rows = new Rows(gateway.database.ownerUrl)
  operator = new Operator(gateway.url, token)
  await importSessions({ count, firstNumber, simulator: gateway.simulator, nodes: [gateway], serviceToken: token })
  await areConnected(count)
}, 120_000)

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const areConnected = (many: number) =>
  rows.waitFor(`select from sessions where state = 'connected' having count(*) = $1`, [many], 60_000)

async function waitingFor(pool: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  return Number(new RegExp(`^whizlite_database_waiting\\{pool="${pool}"\\} (\\d+)$`, 'm').exec(text)?.[1])
}

test('while sessions keep all of their connections busy, whoever asks is answered, and then the sessions go on', async () => {
  const [spared, ...others] = await rows.query<{ id: string; phone_number: string }>(
    `select id, phone_number from sessions order by phone_number`,
  )
  const id = spared?.id ?? ''
  const holder = new pg.Client(gateway.database.ownerUrl)
  await holder.connect()
  const heard: string[] = []
  try {
    await holder.query('begin')
    await holder.query('select from session_leases where session_id = any ($1) for update', [others.map(one => one.id)])
    const stranger = await gateway.simulator.phone('254748000900')
    for (const { phone_number: number } of others)
      heard.push((await stranger.send(await gateway.simulator.phone(number), 'hello')).id)
    await expect.poll(() => waitingFor('sessions'), { timeout: 20_000 }).toBeGreaterThan(0)

    const connected = { status: 200, body: { state: 'connected' } }
    expect(await operator.ask('GET', '/health')).toMatchObject({ status: 200, body: { status: 'healthy' } })
    expect(await operator.view(id)).toMatchObject(connected)
    expect(await operator.ask('GET', '/api/v1/sessions')).toMatchObject({ status: 200 })
    expect(await operator.command(id, 'disconnect')).toMatchObject({ status: 200, body: { state: 'disconnected' } })
    expect(await operator.command(id, 'connect')).toMatchObject({ status: 200, body: { status: 'connecting' } })
    expect(await gateway.visitor().start()).toMatchObject({ qrCode: expect.any(String) })
    expect(await waitingFor('requests')).toBe(0)
    // all the while
    expect(await waitingFor('sessions')).toBeGreaterThan(0)
  } finally {
    await holder.end()
  }
  await areConnected(count)
  for (const stanza of heard)
    await rows.waitFor(`select from inbound_journal where stanza ->> 'id' = $1`, [stanza], 60_000)
}, 180_000)
