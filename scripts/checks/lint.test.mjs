import { expect, test } from 'vitest'
import { lint } from './lint.mjs'
import { planted } from './planted.fixture.mjs'

const project = {
  'tsconfig.json': JSON.stringify({
    compilerOptions: { module: 'NodeNext', target: 'ES2023', strict: true, types: [] },
    include: ['src'],
  }),
  'package.json': '{ "type": "module" }',
}

const rulesFound = async files => {
  const found = await lint(planted({ ...project, ...files }))
  return found.map(({ file, message }) => `${file} ${message.slice(0, message.indexOf(':'))}`).toSorted()
}

test('a runtime import cycle is found, a cycle of types is not', async () => {
  const cycle = await rulesFound({
    'src/a.ts': `import { b } from './b.js'\nexport const a = (): unknown => b`,
    'src/b.ts': `import { c } from './c.js'\nexport const b = (): unknown => c`,
    'src/c.ts': `import { a } from './a.js'\nexport const c = (): unknown => a`,
  })
  expect(cycle).toEqual(['src/a.ts import(no-cycle)', 'src/b.ts import(no-cycle)', 'src/c.ts import(no-cycle)'])

  const ofTypes = await rulesFound({
    'src/a.ts': `import { b } from './b.js'\nexport type A = string\nexport const a = (): unknown => b`,
    'src/b.ts': `import type { A } from './a.js'\nexport const b = (a: A): A => a`,
  })
  expect(ofTypes).toEqual([])
})

test('promises that nobody waits for, any and non-null assertions are found', async () => {
  const found = await rulesFound({
    'src/a.ts': [
      `declare function later(): Promise<void>`,
      `export const all = (): void => { later() }`,
      `export const each = (items: string[]): void => { items.forEach(async () => { await later() }) }`,
      `export const loose = (value: any): unknown => value`,
      `export const sure = (value: string | null): string => value!`,
    ].join('\n'),
  })
  expect(found).toEqual([
    'src/a.ts typescript(no-explicit-any)',
    'src/a.ts typescript(no-floating-promises)',
    'src/a.ts typescript(no-misused-promises)',
    'src/a.ts typescript(no-non-null-assertion)',
  ])
})
