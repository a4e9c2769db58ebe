import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError, loadConfig } from './config.js'

let dataDir: string
const random = () => randomBytes(32).toString('hex')

beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), 'whizlite-jwt-'))))
afterEach(() => rmSync(dataDir, { recursive: true }))

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ DATA_DIR: dataDir, WHATSAPP_SESSION_SECRET: random(), ...env })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

test('a local installation makes its own, for its owner alone, and keeps it', () => {
  const { jwtSecret } = loadConfig({ DATA_DIR: dataDir })
  const file = join(dataDir, 'jwt-secret')
  expect(readFileSync(file, 'utf8')).toBe(jwtSecret.toString('hex'))
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(loadConfig({ DATA_DIR: dataDir }).jwtSecret).toEqual(jwtSecret)
})

test('in production it has to be given', () => {
  const problems = problemsOf({ NODE_ENV: 'production', PUBLIC_URL: 'https://link.example', TRUST_PROXY: 'none' })
  expect(problems).toEqual(['WHATSAPP_JWT_SECRET is not set. Make one with: openssl rand -hex 32'])
})

test.each([
  ['short', randomBytes(31).toString('hex'), /fewer than 32 bytes/],
  ['repeated', 'a'.repeat(64), /repeats itself/],
  ['an example', `changeme-${randomBytes(32).toString('hex')}`, /well-known example/],
])('one that is %s is refused', (_, secret, problem) => {
  const [line = ''] = problemsOf({ WHATSAPP_JWT_SECRET: secret })
  expect(line).toMatch(/^WHATSAPP_JWT_SECRET /)
  expect(line).toMatch(problem)
  expect(line).not.toContain(secret)
})

test.each(['WHATSAPP_SESSION_SECRET', 'WHATSAPP_SERVICE_TOKEN'])('one that is %s, too, is refused', name => {
  const same = random()
  for (const written of [same, Buffer.from(same, 'hex').toString('base64url')]) {
    expect(problemsOf({ WHATSAPP_JWT_SECRET: written, [name]: same })).toEqual([
      `WHATSAPP_JWT_SECRET is the same as ${name}. Make one with: openssl rand -hex 32`,
    ])
  }
})
