import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { MemberLine, ticketOf } from './support/member-line.js'
import { Operator } from './support/operator.js'
import { TestGateway } from './support/test-gateway.js'
import { LiveEvents } from './support/visitor.js'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('a port of their own takes WebSockets at / and /ws, and nothing else', async () => {
  const port = await freePort()
  const token = randomBytes(32).toString('hex')
  await using gateway = await TestGateway.start({ env: { WS_PORT: String(port), WHATSAPP_SERVICE_TOKEN: token } })
  const own = `http://127.0.0.1:${port}`
  const operator = new Operator(gateway.url, token)
  for (const path of ['/', '/ws']) {
    // a page of the other port
    const headers = { origin: gateway.url }
    const line = new MemberLine(own, { path, query: `?token=${await ticketOf(operator, headers)}`, headers })
    await line.waitForEvent('ready')
    await line.close()
  }
  expect(await new MemberLine(own, { path: '/', query: `?token=${token}` }).status).toBe(401)
  expect(await new MemberLine(own, { path: '/api/v1/sessions' }).status).toBe(404)
  expect(await new MemberLine(gateway.url, { path: '/', query: `?token=${await ticketOf(operator)}` }).status).toBe(404)
  expect((await fetch(`${own}/health`)).status).toBe(426)

  const visitor = gateway.visitor()
  await visitor.start()
  const events = new LiveEvents(own, visitor.cookie)
  await events.waitForEvent('qr_code')
  events.socket.close()
})
