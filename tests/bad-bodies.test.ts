import { brotliCompressSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ErrorCode } from '../src/contract/errors.js'
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

describe('a body', () => {
  test.each([
    ['nothing', ''],
    ['words', secret],
    ['a cut-off object', `{"a":"${secret}`],
    ['a number', '12'],
    ['NaN', 'NaN'],
    ['null', 'null'],
    ['a string', `"${secret}"`],
    ['a list', `["${secret}"]`],
    ['two objects', '{}{}'],
    ['single quotes', `{'a':1}`],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['a depth of 10,000 lists', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['a depth of 10,000 objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['__proto__', `{"__proto__":{"polluted":"${secret}"}}`],
    ['__proto__ in other letters', `{"\\u005f_proto__":{"polluted":"${secret}"}}`],
    ['a nested __proto__', `{"a":[{"__proto__":{"polluted":"${secret}"}}]}`],
    ['constructor.prototype', `{"constructor":{"prototype":{"polluted":"${secret}"}}}`],
  ])('of %s is no JSON object', async (_, body) => {
    expectProblem(await post(body), 400, 'invalid_json')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test.each([
    ['an unknown field', `{"colour":"${secret}"}`, ['colour']],
    ['two unknown fields', `{"colour":1,"size":2}`, ['colour', 'size']],
    ['a field twice', `{"colour":1,"colour":"${secret}"}`, ['colour']],
    ['a known field twice', '{"phoneNumber":"+254712345678","phoneNumber":"+254712345679"}', ['phoneNumber']],
    ['a null', '{"colour":null}', ['colour']],
    ['a number beyond all numbers', '{"colour":1e309}', ['colour']],
    ['a number too precise', '{"colour":9007199254740993}', ['colour']],
    ['a NUL', '{"colour":"\\u0000"}', ['colour']],
    ['half a character', '{"colour":"\\ud800"}', ['colour']],
    ['a field without a name', '{"":1}', ['']],
    ['a number that is no text', '{"phoneNumber":254712345678}', ['phoneNumber']],
    ['no number', '{"phoneNumber":null}', ['phoneNumber']],
    ['several numbers', '{"phoneNumber":["254712345678"]}', ['phoneNumber']],
    ['an empty number', '{"phoneNumber":""}', ['phoneNumber']],
    ['a number of NULs', '{"phoneNumber":"\\u0000\\u0000"}', ['phoneNumber']],
    ['words for a number', `{"phoneNumber":"${secret.slice(0, 40)}"}`, ['phoneNumber']],
    ['a number without its country', '{"phoneNumber":"0712 345678"}', ['phoneNumber']],
    ['a JID for a number', '{"phoneNumber":"254712345678@s.whatsapp.net"}', ['phoneNumber']],
    ['a number of 1,000 digits', `{"phoneNumber":"${'1'.repeat(1_000)}"}`, ['phoneNumber']],
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

  test.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
    secret,
  ])('of type %s is not read', async type => {
    expectProblem(
      await post(Buffer.from('{}'), type === undefined ? {} : { 'content-type': type }),
      415,
      'unsupported_media_type',
    )
  })

  test.each(['utf-16', 'iso-8859-1', 'utf-7', `"${secret}"`])('in charset %s is not read', async charset => {
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

  test('that says so is refused before any of it is sent', async () => {
    const answer = await sendRaw(gateway.url, head(`Content-Length: ${100 * megabyte}`))
    expectProblem(answer, 413, 'body_too_large')
  })

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

describe('anything else', () => {
  const isEmptyObject = (text: string): boolean => {
    try {
      return JSON.stringify(JSON.parse(text)) === '{}'
    } catch {
      return false
    }
  }

  test('as a body is refused', async () => {
    const texts = fc.oneof(
      fc.json({ maxDepth: 6 }),
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.string(), fc.jsonValue()).map(value => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(texts, async text => {
        fc.pre(!isEmptyObject(text))
        const answer = await post(text)
        expectProblem(answer, 400, (JSON.parse(answer.body) as { code: ErrorCode }).code)
      }),
      { numRuns: 300 },
    )
  })
})
