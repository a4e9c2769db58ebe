import fc from 'fast-check'
import { expect, test } from 'vitest'
import { duplicateKey } from './duplicate-keys.js'

test.each([
  ['{}', null],
  ['{"a":1,"b":1}', null],
  ['{"a":{"a":[{"a":1},{"a":1}]}}', null],
  ['{"a":"\\"a\\":1,","b":"{\\"b\\":"}', null],
  ['{"a":1,"a":1}', 'a'],
  ['{"a":1,"\\u0061" : 2}', 'a'],
  ['{"a":{"b":1,"c":[1,{"d":1,"d":2}]}}', 'a.c[1].d'],
  ['{"":1,"":2}', ''],
  ['{"a":[],"b":[[],[{}]],"a":0}', 'a'],
])('%s names %j twice', (json, path) => {
  expect(duplicateKey(json)).toBe(path)
})

test('whatever is written once is never found twice', () => {
  fc.assert(fc.property(fc.json(), json => duplicateKey(json) === null))
})

test('a field that is added once more is found, wherever', () => {
  const values = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, maxKeys: 8, noNullPrototype: true })
  fc.assert(
    fc.property(values, fc.nat(), (value, at) => {
      const names = Object.keys(value)
      const name = names[at % names.length] ?? ''
      const again = `{${JSON.stringify(name)}:1,${JSON.stringify(value).slice(1)}`
      return duplicateKey(again) === name
    }),
  )
})

test('strings as long as a body may be cost nothing', () => {
  const long = 'x\\\\'.repeat(20_000)
  expect(duplicateKey(`{"a":"${long}","b":"${long}","a":1}`)).toBe('a')
})
