import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Operator } from './support/operator.js'
import { pictureOf } from './support/picture-of.js'
import { Rows } from './support/rows.js'
import { SecondNode } from './support/second-node.js'
import { TestGateway } from './support/test-gateway.js'

const token = randomBytes(32).toString('hex')
let gateway: TestGateway
let door: SecondNode
let rows: Rows

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { WHATSAPP_SERVICE_TOKEN: token } })
  door = await SecondNode.start(gateway, { config: { roles: { api: true, sessions: false, jobs: false } } })
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await door[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

test('where the only node for sessions has stopped, the one that is left does not say that they are connected', async () => {
  const there = new Operator(door.url, token)
  const phone = await gateway.simulator.phone('254700990801')
  const { body } = await new Operator(gateway.url, token).ask('POST', '/api/v1/sessions', {})
  const sessionId = String(body['sessionId'])
  await phone.scanPicture(pictureOf((body['link'] as { qrCode: string }).qrCode))
  await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [sessionId])
  const shown = async () => (await there.view(sessionId)).body
  expect(await shown()).toMatchObject({ state: 'connected' })

  await gateway.stopApp()
  await rows.query(
    `update session_leases set released_at = released_at - interval '15 seconds' where session_id = $1`,
    [sessionId],
  )
  await expect.poll(shown, { timeout: 20_000 }).toMatchObject({ state: 'reconnecting', reason: { code: 'no_server' } })
  await gateway.startApp()
  await expect.poll(shown, { timeout: 20_000 }).toMatchObject({ state: 'connected' })
}, 90_000)
