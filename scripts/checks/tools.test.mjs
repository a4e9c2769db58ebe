import { expect, test } from 'vitest'
import { format } from './format.mjs'
import { planted } from './planted.fixture.mjs'
import { types } from './types.mjs'

const strict = include => JSON.stringify({ compilerOptions: { strict: true, types: [] }, include: [include] })

test('a type error is found in every project of the tree', async () => {
  const root = planted({
    'tsconfig.json': strict('src/*.ts'),
    'src/page/tsconfig.json': strict('*.ts'),
    'src/a.ts': `export const a: number = 'one'`,
    'src/page/b.ts': `export const b: string = 1`,
  })
  expect(await types(root)).toEqual([
    { file: 'src/page/b.ts', line: 1, message: "TS2322: Type 'number' is not assignable to type 'string'." },
    { file: 'src/a.ts', line: 1, message: "TS2322: Type 'string' is not assignable to type 'number'." },
  ])
})

test('a project that cannot be read is found', async () => {
  const [finding] = await types(planted({ 'tsconfig.json': strict('missing') }))
  expect(finding).toMatchObject({ file: 'tsconfig.json', message: expect.stringContaining('TS18003') })
})

test('what prettier would write differently is found', async () => {
  const root = planted({
    'package.json': '{}\n',
    'src/a.ts': 'export   const a = 1',
    'src/b.ts': 'export const b = 1;\n',
  })
  expect(await format(root)).toEqual([{ file: 'src/a.ts', message: 'is not formatted: npx prettier --write' }])
})
