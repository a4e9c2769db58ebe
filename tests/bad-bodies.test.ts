import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSocket, parseAnswer, sendRaw, type RawAnswer } from './support/raw-request.js'
import { expectProblem, expectUnharmed, secret, send } from './support/refusals.js'
import { TestGateway } from './support/test-gateway.js'

const start = '/api/sessions/start'
const json = { 'content-type': 'application/json' }
const megabyte = 1024 * 1024

let gateway: TestGateway

beforeAll(async () => {
  gateway = await TestGateway.start()
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

// what is bad at any route is tried at every route: every-bad-request, fuzzed-requests
describe('a body', () => {
  test.each([
    ['two objects', '{}{}'],
    ['single quotes', `{'a':1}`],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['__proto__', `{"__proto__":{"polluted":"${secret}"}}`],
    ['__proto__ in other letters', `{"\\u005f_proto__":{"polluted":"${secret}"}}`],
    ['constructor.prototype', `{"constructor":{"prototype":{"polluted":"${secret}"}}}`],
  ])('of %s is no JSON object', async (_, body) => {
    expectProblem(await post(body), 400, 'invalid_json')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test.each([
    ['two unknown fields', `{"colour":1,"size":2}`, ['colour', 'size']],
    ['a known field twice', '{"phoneNumber":"+254712345678","phoneNumber":"+254712345679"}', ['phoneNumber']],
    ['another attempt’s id', `{"sessionId":"00000000-0000-4000-8000-000000000000"}`, ['sessionId']],
  ])('with %s is told which field is wrong', async (_, body, fields) => {
    const { errors } = expectProblem(await post(body), 400, 'validation_failed')
    expect((errors as { path: string }[]).map(({ path }) => path)).toEqual(fields)
  })

  test('with thousands of unknown fields gets an answer shorter than itself', async () => {
    const body = JSON.stringify(Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`field${i}`, 1])))
    const answer = await post(body)
    const { errors } = expectProblem(answer, 400, 'validation_failed')
    expect(errors).toHaveLength(20)
    expect(answer.body.length).toBeLessThan(body.length)
  })

  test('a byte too long is refused', async () => {
    const filled = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`
    expectProblem(await post(filled(65_536)), 400, 'validation_failed')
    expectProblem(await post(filled(65_537)), 413, 'body_too_large')
  })

  test.each([undefined, 'multipart/form-data; boundary=x', 'text/json', secret])(
    'of type %s is not read',
    async type => {
      expectProblem(
        await post(Buffer.from('{}'), type === undefined ? {} : { 'content-type': type }),
        415,
        'unsupported_media_type',
      )
    },
  )

  test.each(['iso-8859-1', 'utf-7', `"${secret}"`])('in charset %s is not read', async charset => {
    const answer = await post('{}', { 'content-type': `application/json; charset=${charset}` })
    expectProblem(answer, 415, 'unsupported_media_type')
  })

  test.each([
    ['gzip', gzipSync(Buffer.alloc(100 * megabyte, '{"a":'))],
    ['br', brotliCompressSync(Buffer.alloc(megabyte, ' '))],
    ['gzip, gzip', gzipSync(gzipSync('{}'))],
    [secret, Buffer.from('{}')],
  ])('compressed as %s is not unpacked', async (encoding, body) => {
    expectProblem(await post(body, { ...json, 'content-encoding': encoding }), 415, 'unsupported_media_type')
  })
})

describe('a body of 100 MB', () => {
  const head = (...headers: string[]) =>
    [`POST ${start} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', ...headers, '\r\n'].join('\r\n')

  test('that does not say so is refused when it gets too large', async () => {
    const socket = await openSocket(gateway.url)
    const received: Buffer[] = []
    socket.on('data', (chunk: Buffer) => received.push(chunk))
    socket.write(head('Transfer-Encoding: chunked'))
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, ' '), Buffer.from('\r\n')])
    let sent = 0
    while (!socket.destroyed && sent < 100 * megabyte) {
      sent += chunk.length
      await new Promise<unknown>(resolve => socket.write(chunk, resolve))
    }
    // what the two operating systems' buffers hold was under way already
    expect(sent).toBeLessThan(50 * megabyte)
    expectProblem(
      parseAnswer(
        Buffer.concat(received)
          .toString('utf8')
          .replace(/^HTTP\/1.1 100.*\r\n\r\n/, ''),
      ),
      413,
      'body_too_large',
    )
  })

  test('nobody wants is not read either', async () => {
    for (const [method, path, code] of [
      ['POST', '/nothing', 'not_found'],
      ['DELETE', '/api/sessions/x', 'attempt_not_found'],
    ] as const) {
      const request = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${100 * megabyte}\r\n\r\n`
      expectProblem(await sendRaw(gateway.url, request), 404, code)
    }
  })
})
