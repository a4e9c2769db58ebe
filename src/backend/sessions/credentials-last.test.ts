import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const backend = fileURLToPath(new URL('..', import.meta.url))

/** Who may delete what a session connects with, and why. Anything new here is a decision to review (invariant I-9). */
const allowed = [
  // single keys that the protocol has used up or replaced
  'engine/key-rows.ts',
  // data keys that nothing stored has named for a while
  'key-rotation/data-keys.ts',
  'key-rotation/rotate-data-keys.ts',
  // an attempt that never became a session
  'linking/discard-attempt.ts',
  // ratchets that a bot has gone on with; new ones are begun
  'linking/take-back-store.ts',
  // who asked to be erased, here and after an older backup was restored
  'privacy/erase-contact.ts',
  'privacy/erase-sealed.ts',
  'privacy/erase-workspace.ts',
  'privacy/sweep.ts',
  // the end of a quarantine
  'sessions/shred.ts',
]

const protectedTables = /\b(session_credentials|signal_keys|data_keys)\b/
const deletes = /delete from|deleteFrom|truncate/i

test('credentials, Signal keys and data keys are deleted nowhere else', () => {
  const sources = readdirSync(backend, { recursive: true, encoding: 'utf8' })
    .map(file => file.replaceAll('\\', '/'))
    .filter(file => /\.(ts|sql)$/.test(file) && !file.endsWith('.test.ts'))
  const deleting = sources.filter(file => {
    const text = readFileSync(join(backend, file), 'utf8')
    return deletes.test(text) && protectedTables.test(text)
  })
  // migrations name all tables and delete from others
  expect(deleting.filter(file => !file.endsWith('.sql')).toSorted()).toEqual(allowed)
  for (const file of sources.filter(each => each.endsWith('.sql'))) {
    const statements = readFileSync(join(backend, file), 'utf8').split(';')
    expect(
      statements.filter(each => deletes.test(each) && protectedTables.test(each)),
      file,
    ).toEqual([])
  }
})
