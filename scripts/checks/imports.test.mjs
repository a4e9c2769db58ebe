import { expect, test } from 'vitest'
import { importsOf } from './imports.mjs'

const found = text =>
  importsOf(text).map(({ specifier, typesOnly, line }) => `${line} ${typesOnly ? 'type ' : ''}${specifier}`)

test('every way to import is seen, with its line', () => {
  const text = [
    `import './first.js'`,
    `import a from './a.js'`,
    `import type { B } from './b.js'`,
    `import {`,
    `  type C,`,
    `  c,`,
    `} from "./c.js"`,
    `import * as d from './d.js'`,
    `export { e } from './e.js'`,
    `export type { F } from './f.js'`,
    `export * from './g.js'`,
    `const h = await import('./h.js')`,
    `type I = typeof import('./i.js')`,
  ].join('\n')
  expect(found(text)).toEqual([
    '1 ./first.js',
    '2 ./a.js',
    '3 type ./b.js',
    '7 ./c.js',
    '8 ./d.js',
    '9 ./e.js',
    '10 type ./f.js',
    '11 ./g.js',
    '12 ./h.js',
    '13 type ./i.js',
  ])
})

test('an export that stands before an import is not taken for one', () => {
  expect(found(`export const from = 1\nexport function f() {}\nimport type { A } from './a.js'`)).toEqual([
    '3 type ./a.js',
  ])
})

test('texts are not imports', () => {
  expect(found(`const a = "from './a.js'"\nthrow new Error('import failed')`)).toEqual([])
})
