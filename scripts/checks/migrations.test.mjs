import { expect, test } from 'vitest'
import { migrations } from './migrations.mjs'
import { planted } from './planted.fixture.mjs'

const folder = 'src/backend/database/migrations'
const found = (...names) =>
  migrations(planted(Object.fromEntries(names.map(name => [`${folder}/${name}`, ''])))).map(
    ({ file, message }) => `${file.slice(folder.length + 1)} ${message}`,
  )

test('numbers that follow each other are as they should be', () => {
  expect(found('0001-foundation.sql', '0002-ws-tickets.sql', '0003-more.sql')).toEqual([])
})

test('two migrations of one number are found', () => {
  expect(found('0001-foundation.sql', '0002-key-rotation.sql', '0002-privacy.sql', '0003-more.sql')).toEqual([
    '0002-privacy.sql has the number of 0002-key-rotation.sql',
  ])
})

test('a number that is left out is found, at the beginning too', () => {
  expect(found('0001-foundation.sql', '0003-more.sql')).toEqual([
    '0003-more.sql leaves numbers out after 0001-foundation.sql',
  ])
  expect(found('0002-more.sql')).toEqual(['0002-more.sql leaves numbers out after nothing'])
})

test('what is named otherwise is found', () => {
  expect(found('0001-foundation.sql', '02-more.sql', '0002-and_more.sql', 'notes.md')).toEqual([
    '0002-and_more.sql is not named as 0001-what-it-brings.sql',
    '02-more.sql is not named as 0001-what-it-brings.sql',
    'notes.md is not named as 0001-what-it-brings.sql',
  ])
})
