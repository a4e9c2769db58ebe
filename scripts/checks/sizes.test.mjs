import { expect, test } from 'vitest'
import { planted } from './planted.fixture.mjs'
import { fileLength, lineLength, typicalLength } from './sizes.mjs'

const lines = count => 'x\n'.repeat(count)

test('a file above 300 lines is found unless it gives a reason', () => {
  const root = planted({
    'src/a.ts': lines(300),
    'src/b.ts': lines(301),
    'src/c.ts': `// length: one table\n${lines(400)}`,
    'src/d.ts': `// length:\n${lines(400)}`,
    'src/e.sql': `-- length: one schema\n${lines(400)}`,
    'README.md': lines(1_000),
  })
  expect(fileLength(root).map(({ file }) => file)).toEqual(['src/b.ts', 'src/d.ts'])
})

test('the typical length is told, and found when it grows', () => {
  const small = planted({ 'src/a.ts': lines(10), 'src/b.ts': lines(20), 'src/c.ts': lines(250) })
  expect(typicalLength(small)).toEqual({ findings: [], note: '3 files, median 20 lines, p95 250' })
  const big = planted({ 'src/a.ts': lines(90), 'src/b.ts': lines(300) })
  expect(typicalLength(big).findings).toHaveLength(2)
  expect(typicalLength(planted({ 'src/a.ts': lines(90) })).findings[0].message).toContain('90 lines')
})

test('a line above 160 characters is found, counted in characters', () => {
  const root = planted({
    'src/a.ts': `${'x'.repeat(160)}\n${'x'.repeat(161)}\n${'🚀'.repeat(100)}\n`,
    'README.md': 'x'.repeat(500),
    '.ci/run': 'y'.repeat(170),
  })
  expect(lineLength(root).map(({ file, line }) => `${file}:${line}`)).toEqual(['.ci/run:1', 'src/a.ts:2'])
})
