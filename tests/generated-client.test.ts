import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { generateClient, typeOf, type OpenApi } from './support/client-generator.js'
import { TestGateway } from './support/test-gateway.js'

const tsc = fileURLToPath(new URL('../node_modules/.bin/tsc', import.meta.url))

/** What the compiler says about a folder's files. */
function compile(folder: string): Promise<string> {
  const options = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', '']
  return new Promise(resolve => {
    execFile(tsc, [...options, join(folder, 'program.ts')], { cwd: folder }, (_error, said) => resolve(said))
  })
}

const right = `
import { createApiKey, getSession, linkSession, listSessions, type Problem, type Send } from './client.js'
export async function program(send: Send): Promise<string> {
  const { key } = await createApiKey(send, { body: { name: 'Till', scopes: ['read'] } })
  const link = await linkSession(send, { header: { 'Idempotency-Key': 'once' }, body: { method: 'code', phoneNumber: '+254712345678' } })
  const { sessions } = await listSessions(send, { query: { limit: '5' } })
  const one = await getSession(send, { path: { sessionId: sessions[0]?.sessionId ?? link.sessionId } })
  const switchable: Problem['code'] = 'session_not_found'
  return (key ?? '') + one.state + switchable
}
`

const wrong = [
  ["limit: '5'", 'limit: []'],
  ["scopes: ['read']", "scopes: ['fly']"],
  ['one.state', 'one.colour'],
  ["'session_not_found'", "'no_such_code'"],
  ['path: { sessionId: sessions[0]?.sessionId ?? link.sessionId }', ''],
] as const

test('a client generated from the document type-checks, and finds what a program gets wrong', async () => {
  await using gateway = await TestGateway.start()
  const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as OpenApi
  const folder = mkdtempSync(join(tmpdir(), 'whizlite-client-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(join(folder, 'client.ts'), generateClient(document))
    writeFileSync(join(folder, 'program.ts'), right)
    expect(await compile(folder)).toBe('')
    for (const [text, other] of wrong) {
      writeFileSync(join(folder, 'program.ts'), right.replace(text, other))
      expect([other, await compile(folder)]).toEqual([other, expect.stringContaining('program.ts')])
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)

test('the generator guesses no shape', () => {
  expect(() => typeOf({ pattern: 'x' } as object)).toThrow('No shape')
  expect(typeOf({ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } })).toBe(
    '((string) | (null))[]',
  )
})
