import { expect, test } from 'vitest'
import { planted } from './planted.fixture.mjs'
import { words } from './words.mjs'

// Written in pieces, so that the check of this repository does not find its own test.
const later = ['TO', 'DO'].join('')
const home = ['', 'home', 'someone', 'x'].join('/')

test.each([
  [`// ${later}: later`, 'a mark for later; write an issue instead'],
  [`const a = '${home}'`, 'a path of one machine'],
  [`see ${home}`, 'a path of one machine'],
  [`cp a ${['', 'tmp', 'research'].join('/')}`, 'a path of one machine'],
  [`${'<'.repeat(7)} HEAD`, 'a merge that was left unfinished'],
  [['test', `only('a', () => {})`].join('.'), 'a test that does not run, or runs alone'],
])('%s', (line, what) => {
  const root = planted({ 'src/a.ts': `first\n${line}\n` })
  expect(words(root)).toEqual([{ file: 'src/a.ts', line: 2, message: `has ${what}` }])
})

test('paths of every Debian, addresses and longer words are fine', () => {
  const text = `'/usr/bin/chromium' https://example.com/home/page ${later}S /api/home/x XXXX-XXXX`
  expect(words(planted({ 'src/a.ts': text }))).toEqual([])
})
