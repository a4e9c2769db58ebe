import { once } from 'node:events'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linkingPage } from './support/linking-page.js'
import { openSocket, parseAnswer, sendRaw, type RawAnswer } from './support/raw-request.js'
import { expectProblem, expectUnharmed, secret, send } from './support/refusals.js'
import { TestGateway } from './support/test-gateway.js'

const start = '/api/sessions/start'
const noAttempt = { status: 200, body: 'null' }
const json = { 'content-type': 'application/json' }

let gateway: TestGateway

beforeAll(async () => {
  gateway = await TestGateway.start({ pages: linkingPage() })
})

afterAll(async () => {
  try {
    await expectUnharmed(gateway)
  } finally {
    await gateway[Symbol.asyncDispose]()
  }
})

const post = (body: BodyInit, headers: HeadersInit = json): Promise<RawAnswer> =>
  send(gateway.url + start, 'POST', headers, body)

describe('a request', () => {
  test.each([
    ['PATCH', start, 'POST'],
    ['OPTIONS', '/api/sessions/current', 'GET'],
    ['POST', '/api/sessions/current', 'GET'],
    ['POST', '/health/ready', 'GET'],
  ])('of method %s to %s is told which methods there are', async (method, path, allowed) => {
    const answer = await send(gateway.url + path, method, json, method === 'OPTIONS' ? undefined : '{}')
    expectProblem(answer, 405, 'method_not_allowed')
    expect(answer.headers.get('allow')).toBe(allowed)
  })

  test.each(['x-http-method-override', 'x-method-override', 'x-http-method'])(
    'cannot change its method by %s',
    async name => {
      expect(await send(`${gateway.url}/api/sessions/current`, 'GET', { [name]: 'POST' })).toMatchObject(noAttempt)
      expectProblem(
        await send(`${gateway.url}${start}?_method=POST`, 'GET', { [name]: 'POST' }),
        404,
        'attempt_not_found',
      )
    },
  )

  test.each(['https://evil.example', 'null', 'http://localhost.evil.example', 'chrome-extension://abc', secret])(
    'from a page of %s is refused',
    async origin => {
      expectProblem(await post('{}', { ...json, origin }), 403, 'foreign_origin')
    },
  )

  test('that a browser calls cross-site is refused, whatever else it says', async () => {
    expectProblem(await post('{}', { ...json, 'sec-fetch-site': 'cross-site' }), 403, 'foreign_origin')
    const id = '00000000-0000-4000-8000-000000000000'
    const headers = { origin: 'https://evil.example' }
    expectProblem(await send(`${gateway.url}/api/sessions/${id}`, 'DELETE', headers), 403, 'foreign_origin')
  })

  test.each([
    'whizlite-attempt=%zz',
    `whizlite-attempt="${secret}`,
    'whizlite-attempt=; whizlite-attempt=',
    '__proto__=x; constructor=y; =; ;;;',
    `whizlite-attempt=${'A'.repeat(44)}`,
    `whizlite-attempt=${'A'.repeat(43)}%0d%0aSet-Cookie:%20a=b`,
    `${secret}=${'x'.repeat(10_000)}`,
    Array.from({ length: 500 }, (_, i) => `c${i}=1`).join('; '),
  ])('with the cookie %s has none', async cookie => {
    expect(await send(`${gateway.url}/api/sessions/current`, 'GET', { cookie })).toMatchObject(noAttempt)
  })
})

describe('an address', () => {
  const get = (path: string) =>
    sendRaw(gateway.url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)

  test.each([
    '/nothing',
    '/api',
    '/api/nothing',
    '//api/sessions/start',
    '/api//sessions/start',
    '/../../etc/passwd',
    '/..%2f..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/..%2f..%2fbackend%2fmain.js',
    '/assets/..%5c..%5cbackend',
    '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
    '/assets/',
    '/.env',
    '/.git/config',
    '/index.html%00.js',
    '/INDEX.HTML/',
    `/${secret}`,
    `/${'x'.repeat(10_000)}`,
  ])('such as %s leads nowhere', async path => {
    expectProblem(await get(path), 404, 'not_found')
  })

  test.each(['/api/sessions/%00', '/api/sessions/..%2fstart', '/api/sessions/__proto__', `/api/sessions/${secret}`])(
    'such as %s names no attempt',
    async path => {
      expectProblem(await get(path), 404, 'attempt_not_found')
    },
  )

  test.each(['//', '///', '//api', '/api//', '/%2f', '//127.0.0.1/', '/\\'])(
    'of slashes (%s) is no fault of ours',
    async path => {
      expect((await get(path)).status).toBeLessThan(500)
    },
  )

  test.each(['/api/sessions/%zz', '/api/sessions/%c0%ae'])('such as %s cannot be read', async path => {
    expectProblem(await get(path), 400, 'bad_request')
  })
})

describe('what is no HTTP', () => {
  const head = `GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`

  test.each([
    ['bytes', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])],
    ['a made-up method', `${secret} / HTTP/1.1\r\n\r\n`],
    ['another protocol', 'GET /health SIP/2.0\r\n\r\n'],
    ['a bare carriage return in a header', `${head}X-Note: a\rSet-Cookie: ${secret}\r\n\r\n`],
    ['a NUL in a header', `${head}X-Note: \0${secret}\r\n\r\n`],
    ['a space in a header’s name', `${head}X Note: ${secret}\r\n\r\n`],
    ['two lengths', `POST ${start} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    [
      'a length and chunks',
      `POST ${start} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a negative length', `POST ${start} HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n`],
    [
      'a chunk of nonsense',
      `POST ${start} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    ],
  ])('%s: is refused in the same form', async (_, bytes) => {
    expectProblem(await sendRaw(gateway.url, bytes), 400, 'bad_request')
  })

  test('a request that names no host is refused', async () => {
    expect((await sendRaw(gateway.url, `GET /health HTTP/1.1\r\nX-Note: ${secret}\r\n\r\n`)).status).toBe(400)
  })

  test('headers without end are refused before they are read', async () => {
    const answer = await sendRaw(gateway.url, head, `X-Note: ${secret.repeat(20_000)}\r\n\r\n`)
    expectProblem(answer, 431, 'bad_request')
  })
})

describe('anything else', () => {
  test('as bytes on the line ends in an answer or a closed line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), async bytes => {
        const socket = await openSocket(gateway.url)
        const received: Buffer[] = []
        socket.on('data', (chunk: Buffer) => received.push(chunk))
        const closed = once(socket, 'close')
        // the end is said, or a server would rightly wait for the rest of a first line
        socket.end(bytes)
        await closed
        const { status } = parseAnswer(Buffer.concat(received).toString('latin1'))
        expect(status === 0 || (status >= 400 && status < 500)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })
})
