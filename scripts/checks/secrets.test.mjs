import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { planted } from './planted.fixture.mjs'
import { secrets } from './secrets.mjs'

const found = (text, known = []) =>
  secrets(planted({ 'src/a.ts': text }), known).map(({ line, message }) => `${line} ${message}`)

// Pieces, so that the check of this repository does not find its own test.
const forms = [
  ['a private key', ['-----BEGIN', 'PRIVATE KEY-----'].join(' ')],
  ['a session ID string', `WHIZLITE_${'a1B-'.repeat(20)}`],
  ['a GitHub token', `ghp_${'a1B2'.repeat(9)}`],
  ['an npm token', `npm_${'a1B2'.repeat(9)}`],
  ['an AWS access key', `AKIA${'A1B2'.repeat(4)}`],
  ['a JSON web token', `eyJ${'a1B2'.repeat(5)}.eyJ${'c3D4'.repeat(5)}.sig`],
  ['an API key', `sk-${'a1B2'.repeat(8)}`],
]

test.each(forms)('%s is found', (what, value) => {
  expect(found(`first\nconst key = \`${value}\` // ?`)).toEqual([`2 looks like ${what}`])
})

test('a long random value is found in code, JSON and settings', () => {
  const hex = randomBytes(32).toString('hex')
  const base64 = randomBytes(48).toString('base64')
  expect(found(`const a = ['${hex}', 'x']\n  "key": "${base64}",\nSECRET=${hex}\nkey: ${base64}`)).toEqual(
    [1, 2, 3, 4].map(line => `${line} has a long random value`),
  )
})

test('long words, paths and repeated patterns are not secrets', () => {
  const text = [
    `'0000000000000000000000000000000000000000'`,
    `'abababababababababababababababababababab'`,
    `'./src/backend/database/tenant-transaction.pg.test.ts'`,
    `import type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js'`,
  ]
  expect(found(text.join('\n'))).toEqual([])
})

test('what is known may stay; what is known and gone is found', () => {
  const hex = randomBytes(32).toString('hex')
  const known = [{ file: 'src/a.ts', part: hex.slice(0, 12), reason: 'published' }]
  expect(found(`const a = '${hex}'`, known)).toEqual([])
  expect(found('const a = 1', known)).toEqual(['undefined known-secrets.mjs names a value that is not here'])
})

test('files made for keys are found, their example is not', () => {
  const root = planted({ 'deploy/.env': '', 'deploy/server.pem': '', '.env.example': '', 'src/a.ts': '' })
  expect(secrets(root, []).map(({ file }) => file)).toEqual(['deploy/.env', 'deploy/server.pem'])
})

test('a finding never repeats the value', () => {
  const hex = randomBytes(32).toString('hex')
  expect(JSON.stringify(secrets(planted({ 'a.json': `{ "k": "${hex}" }` }), []))).not.toContain(hex)
})
