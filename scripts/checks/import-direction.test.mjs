import { expect, test } from 'vitest'
import { importDirection } from './import-direction.mjs'
import { planted } from './planted.fixture.mjs'

const rules = {
  parts: { contract: {}, page: { types: ['contract'] }, backend: { values: ['contract'] } },
  backendRooms: [['main.ts'], ['linking'], ['outbox', 'live'], ['log.ts']],
  confined: { engine: ['src/backend/outbox/'] },
}

const findings = files =>
  importDirection(planted(files), rules).map(({ file, line, message }) => `${file}:${line} ${message}`)

test('imports that go down are fine, whatever tests do', () => {
  expect(
    findings({
      'src/contract/ids.ts': `import { z } from 'zod'`,
      'src/page/main.ts': `import type { Id } from '../contract/ids.js'`,
      'src/backend/main.ts': `import './linking/link.js'\nimport './log.js'`,
      'src/backend/linking/link.ts': `import { send } from '../outbox/send.js'\nimport './other.js'`,
      'src/backend/outbox/send.ts': `import { id } from '../../contract/ids.js'\nimport 'engine/deep.js'`,
      'src/backend/outbox/send.test.ts': `import '../main.js'\nimport '../../../tests/support/app.js'`,
      'src/backend/log.ts': `import { pino } from 'pino'`,
    }),
  ).toEqual([])
})

test('an import that goes up is found, also of a type', () => {
  expect(
    findings({
      'src/backend/outbox/send.ts': `import type { Link } from '../linking/link.js'`,
      'src/backend/log.ts': `export * from './main.js'`,
    }),
  ).toEqual(['src/backend/log.ts:1 log.ts is below main.ts', 'src/backend/outbox/send.ts:1 outbox is below linking'])
})

test('rooms on one line do not import each other', () => {
  expect(findings({ 'src/backend/live/feed.ts': `import '../outbox/send.js'` })).toEqual([
    'src/backend/live/feed.ts:1 live and outbox stand on one line',
  ])
})

test('parts stay apart', () => {
  expect(
    findings({
      'src/contract/ids.ts': `import '../backend/log.js'`,
      'src/page/main.ts': `import { Id } from '../contract/ids.js'\nimport '../../tests/support/app.js'`,
    }),
  ).toEqual([
    'src/contract/ids.ts:1 contract may not import from backend',
    'src/page/main.ts:1 page may import only types from contract',
    'src/page/main.ts:2 imports tests/support/app.js, which is not part of the product',
  ])
})

test('a confined package is found outside its folders', () => {
  expect(findings({ 'src/backend/linking/link.ts': `import type { Socket } from 'engine'` })).toEqual([
    'src/backend/linking/link.ts:1 imports engine, which stays in src/backend/outbox/',
  ])
})

test('a folder without a place in the order is found', () => {
  const named = 'belongs to nothing that layers.mjs names'
  expect(findings({ 'src/backend/news/a.ts': '', 'src/novelty/b.ts': '' })).toEqual([
    `src/backend/news/a.ts:undefined ${named}`,
    `src/novelty/b.ts:undefined ${named}`,
  ])
})
