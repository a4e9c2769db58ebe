import { expect, test } from 'vitest'
import { documents, settings } from './documents.mjs'
import { planted } from './planted.fixture.mjs'

test('links and places that are not there are found', () => {
  const root = planted({
    'README.md':
      'See [a](docs/a.md#part), [b](docs/b.md), [web](https://example.com/x).\n`src/c.ts` and `src/d.ts`, `src/`\n',
    'docs/a.md': 'Back to [the first page](../README.md) or [nowhere](README.md).',
    'src/c.ts': '',
  })
  expect(documents(root)).toEqual([
    { file: 'README.md', line: 1, message: 'names what is not there: docs/b.md' },
    { file: 'README.md', line: 2, message: 'names what is not there: src/d.ts' },
    { file: 'docs/a.md', line: 1, message: 'names what is not there: docs/README.md' },
  ])
})

test('a setting that is not told is found', () => {
  const root = planted({
    'src/backend/config/env.ts': 'z.object({\n  PORT: port,\n  DATA_DIR: text,\n})',
    'README.md': '| `PORT` | 3000 |\n| `DATA_DIRECTORY` | |',
    '.env.example': '# PORT=3000\n# DATA_DIR=data\n',
  })
  expect(settings(root)).toEqual([{ file: 'README.md', message: 'does not tell of DATA_DIR' }])
})

test('settings that cannot be read are found', () => {
  expect(settings(planted({ 'src/backend/config/env.ts': '' }))).toHaveLength(1)
})
