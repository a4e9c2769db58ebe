import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from './config.js'

let dataDir: string
const secret = randomBytes(32).toString('hex')
const jwtSecret = randomBytes(32).toString('hex')

beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), 'whizlite-token-'))))
afterEach(() => rmSync(dataDir, { recursive: true }))

const production = () => ({
  NODE_ENV: 'production',
  DATA_DIR: dataDir,
  PUBLIC_URL: 'https://link.example',
  WHATSAPP_SESSION_SECRET: secret,
  WHATSAPP_JWT_SECRET: jwtSecret,
  TRUST_PROXY: 'loopback',
})

test('without one, a local installation makes its own, for its owner alone, and keeps it', () => {
  const { serviceToken } = loadConfig({ DATA_DIR: dataDir, WHATSAPP_SESSION_SECRET: secret })
  const file = join(dataDir, 'service-token')
  expect(serviceToken).toMatch(/^[0-9a-f]{64}$/)
  expect(readFileSync(file, 'utf8')).toBe(serviceToken)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(loadConfig({ DATA_DIR: dataDir, WHATSAPP_SESSION_SECRET: secret }).serviceToken).toBe(serviceToken)
})

test('in production there is none unless one is set, whatever lies in the data folder', () => {
  loadConfig({ DATA_DIR: dataDir })
  expect(loadConfig(production()).serviceToken).toBeNull()
  const given = randomBytes(32).toString('base64')
  expect(loadConfig({ ...production(), WHATSAPP_SERVICE_TOKEN: ` ${given} ` }).serviceToken).toBe(given)
})

test('it is a setting that is used', () => {
  const given = randomBytes(32).toString('hex')
  expect(loadConfig({ ...production(), WHATSAPP_SERVICE_TOKEN: given }).unused).toEqual([])
})
