import { expect, test } from 'vitest'
import { names } from './names.mjs'
import { planted } from './planted.fixture.mjs'

test('drawers are found, as folders and as files', () => {
  const root = planted({
    'src/utils/a.ts': '',
    'src/date-helpers.ts': '',
    'tests/common.ts': '',
    'src/backend/services/b.ts': '',
    'misc.md': '',
    'src/service-token.ts': '',
    'src/commons-deed.ts': '',
    'node_modules/utils/index.js': '',
  })
  expect(names(root).map(({ file }) => file)).toEqual([
    'misc.md',
    'src/backend/services/b.ts',
    'src/date-helpers.ts',
    'src/utils/a.ts',
    'tests/common.ts',
  ])
})

test('code is named in kebab-case', () => {
  const root = planted({
    'src/sendText.ts': '',
    'src/send-text.pg.test.ts': '',
    'src/0001-first.sql': '',
    'README.md': '',
  })
  expect(names(root).map(({ file }) => file)).toEqual(['src/sendText.ts'])
})
