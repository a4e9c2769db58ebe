import { Router } from 'express'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openDoor } from '../../../tests/support/open-door.js'
import { sendRaw } from '../../../tests/support/raw-request.js'
import { createLog } from '../log.js'
import { isOwnOrigin } from './own-origin.js'
import { route } from './route.js'
import { createHttpServer, type HttpServer } from './server.js'

let server: HttpServer | null = null

afterEach(async () => {
  await server?.[Symbol.asyncDispose]()
  server = null
})

/** The status that a request gets which names this host; upgrades get 101 when they may pass. */
async function ask(publicUrl: string | null, method: string, host: string, ...headers: string[]): Promise<number> {
  const answer = z.object({ fine: z.boolean() })
  const path = '/api/thing'
  const handle = async () => ({ fine: true })
  server = createHttpServer({
    log: createLog({ level: 'silent' }),
    routes: (['get', 'delete'] as const).map(kind => route({ method: kind, path, summary: '', answer, handle })),
    pages: Router().get('/', (_request, response) => void response.send('page')),
    onUpgrade: (request, socket) => socket.end(`HTTP/1.1 ${isOwnOrigin(request, publicUrl) ? 101 : 403} -\r\n\r\n`),
    ...openDoor(),
    publicUrl,
  })
  const port = await server.listen(0, '127.0.0.1')
  const target = method === 'PAGE' ? 'GET /' : `${method} ${path}`
  const named = host.replace('PORT', String(port))
  const lines = [`${target} HTTP/1.1`, `Host: ${named}`, ...headers.map(line => line.replace('PORT', String(port)))]
  const connection = headers.some(line => line.startsWith('Upgrade')) ? 'Upgrade' : 'close'
  const text = [...lines, `Connection: ${connection}`, '', ''].join('\r\n')
  const { status } = await sendRaw(`http://127.0.0.1:${port}`, text)
  return status
}

const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']

describe('over loopback, without a public address', () => {
  test.each(['localhost:PORT', '127.0.0.1:PORT', '[::1]:PORT', 'localhost', 'LOCALHOST:1'])(
    '%s is this server',
    async host => {
      for (const method of ['GET', 'DELETE']) {
        await server?.[Symbol.asyncDispose]()
        expect(await ask(null, method, host)).toBe(200)
      }
    },
  )

  test.each([
    'attacker.example',
    'attacker.example:PORT',
    'localhost.attacker.example:PORT',
    '127.0.0.1.nip.example',
    '',
  ])('a name that was made to resolve to it, %s, is not', async host => {
    expect(await ask(null, 'GET', host)).toBe(403)
    await server?.[Symbol.asyncDispose]()
    expect(await ask(null, 'DELETE', host, `Origin: http://${host}`)).toBe(403)
    await server?.[Symbol.asyncDispose]()
    expect(await ask(null, 'GET', host, `Origin: http://${host}`, ...upgrade)).toBe(403)
  })

  test('its own page opens a WebSocket', async () => {
    expect(await ask(null, 'GET', 'localhost:PORT', 'Origin: http://localhost:PORT', ...upgrade)).toBe(101)
  })

  test('pages are under the same rule: what can be read can be sent away', async () => {
    expect(await ask(null, 'PAGE', 'attacker.example')).toBe(403)
    await server?.[Symbol.asyncDispose]()
    expect(await ask(null, 'PAGE', 'localhost:PORT')).toBe(200)
  })
})

test('behind a proxy the public address counts, whatever the proxy names', async () => {
  const origin = 'Origin: https://link.example'
  expect(await ask('https://link.example', 'DELETE', 'inner.example:8080', origin)).toBe(200)
  await server?.[Symbol.asyncDispose]()
  expect(await ask('https://link.example', 'DELETE', 'localhost:PORT', 'Origin: http://localhost:PORT')).toBe(403)
})
