import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaultDataDir } from '../../backend/config/data-dir.js'
import { localSecret } from '../../backend/config/local-secret.js'
import { dataDirs, serviceToken, serviceTokenIfAny } from './service-token.js'

const here = new URL('http://localhost:3000/')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whizlite-token-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('the environment comes first, for any gateway', () => {
  const env = { WHATSAPP_SERVICE_TOKEN: ' given ' }
  expect(serviceToken({ env, folder }, new URL('https://link.example.com/'))).toBe('given')
  const broken = { WHATSAPP_SERVICE_TOKEN: 'two\nlines' }
  expect(() => serviceToken({ env: broken, folder }, here)).toThrow(/^WHATSAPP_SERVICE_TOKEN has signs[^\n]*$/)
})

test('a local gateway’s own token is found where that gateway keeps it, and sent nowhere else', () => {
  const token = localSecret(join(folder, 'data'), 'service-token')
  expect(serviceToken({ env: {}, folder }, here)).toBe(token)
  expect(() => serviceToken({ env: {}, folder }, new URL('https://link.example.com/'))).toThrow(
    'service token of that gateway',
  )
  expect(() => serviceToken({ env: { DATA_DIR: 'elsewhere' }, folder }, here)).toThrow('none in its data folder')
})

test('what goes without a token has one for this machine alone, and is not stopped where there is none', () => {
  const elsewhere = new URL('https://link.example.com/')
  expect(serviceTokenIfAny({ env: {}, folder }, here)).toBeNull()
  const token = localSecret(join(folder, 'data'), 'service-token')
  expect(serviceTokenIfAny({ env: {}, folder }, here)).toBe(token)
  expect(serviceTokenIfAny({ env: { WHATSAPP_SERVICE_TOKEN: 'given' }, folder }, here)).toBe('given')
  expect(serviceTokenIfAny({ env: { WHATSAPP_SERVICE_TOKEN: 'given' }, folder }, elsewhere)).toBeNull()
})

test('an unreadable token is told apart from none', () => {
  mkdirSync(join(folder, 'data', 'service-token'), { recursive: true })
  expect(() => serviceToken({ env: {}, folder }, here)).toThrow('cannot be read')
})

test.each([0o755, 0o700])(
  'the data folder is the gateway’s, below a folder of mode %o as root and as anybody',
  mode => {
    const place = join(folder, 'place')
    mkdirSync(place)
    chmodSync(place, mode)
    expect(dataDirs(undefined, place)).toContain(defaultDataDir(place, true))
    expect(dataDirs(undefined, place)).toContain(defaultDataDir(place, false))
  },
)
