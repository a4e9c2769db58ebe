import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaultDataDir } from './data-dir.js'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'whizlite-home-'))
  chmodSync(home, 0o755)
  mkdirSync(join(home, 'whizlite'), { mode: 0o755 })
})

afterEach(() => rmSync(home, { recursive: true }))

test('data lies beside the program that an ordinary user starts, wherever that is', () => {
  chmodSync(home, 0o700)
  expect(defaultDataDir(join(home, 'whizlite'), false)).toBe(join(home, 'whizlite', 'data'))
})

test('root keeps it there too while PostgreSQL’s account can get in', () => {
  expect(defaultDataDir(join(home, 'whizlite'), true)).toBe(join(home, 'whizlite', 'data'))
})

test('root in a private home: each checkout has a folder of its own under /var/lib', () => {
  chmodSync(home, 0o700)
  mkdirSync(join(home, 'other'))
  const first = defaultDataDir(join(home, 'whizlite'), true)
  expect(first).toMatch(/^\/var\/lib\/whizlite\/whizlite-[0-9a-f]{8}$/)
  expect(defaultDataDir(join(home, 'whizlite'), true)).toBe(first)
  expect(defaultDataDir(join(home, 'other'), true)).not.toBe(first)
})
