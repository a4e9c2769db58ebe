import { expect, test } from 'vitest'
import { lockfile } from './lockfile.mjs'
import { planted } from './planted.fixture.mjs'

const integrity = 'sha512-x'

const messages = (packages, manifest = {}) =>
  lockfile(
    planted({ 'package-lock.json': JSON.stringify({ packages }), 'package.json': JSON.stringify(manifest) }),
  ).map(({ message }) => message)

test('a complete lock file without addresses is fine', () => {
  const packages = {
    '': { dependencies: { a: '1.0.0' } },
    'node_modules/a': { integrity, optionalDependencies: { 'a-linux': '1.0.0', 'a-mac': '1.0.0' } },
    'node_modules/a-linux': { integrity },
    'node_modules/a/node_modules/a-mac': { integrity },
  }
  expect(messages(packages, { dependencies: { a: '1.0.0-rc1.2' } })).toEqual([])
})

test('a missing platform, a missing hash and a download address are found', () => {
  const packages = {
    '': { optionalDependencies: { a: '1.0.0' } },
    'node_modules/b': {
      optionalDependencies: { 'b-mac': '1.0.0' },
      integrity,
      resolved: 'https://registry.example/b.tgz',
    },
    'node_modules/c': {},
    'node_modules/c/node_modules/b-mac': { integrity },
  }
  expect(messages(packages)).toEqual([
    'the project lacks its optional package a',
    'node_modules/b has a download address',
    'node_modules/b lacks its optional package b-mac',
    'node_modules/c has no integrity hash',
  ])
})

test('a version that is a range is found', () => {
  expect(
    messages({}, { dependencies: { a: '^1.0.0' }, devDependencies: { b: '1.2.3' }, optionalDependencies: { c: '*' } }),
  ).toEqual(['a ^1.0.0 is not an exact version', 'c * is not an exact version'])
})

test('no lock file at all is found', () => {
  expect(lockfile(planted({ 'package.json': '{}' }))).toEqual([{ file: 'package-lock.json', message: 'is missing' }])
})
