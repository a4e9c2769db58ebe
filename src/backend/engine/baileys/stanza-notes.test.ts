import { expect, test } from 'vitest'
import { StanzaNotes } from './stanza-notes.js'

const ciphertext = Buffer.from('sealed')

const stanza = (id: string, participant: string) => ({
  tag: 'message',
  attrs: { id, from: '1203@g.us', participant, t: '1700000000' },
  content: [{ tag: 'enc', attrs: { type: 'skmsg' }, content: ciphertext }],
})

test('a ciphertext is remembered with its stanza until it is taken', () => {
  const notes = new StanzaNotes()
  notes.note(stanza('A1', '4915@lid'))
  const noted = { id: 'A1', from: '1203@g.us', participant: '4915@lid', recipient: null, timestamp: 1_700_000_000 }
  expect(notes.take(ciphertext)).toEqual(noted)
  expect(notes.take(ciphertext)).toBeNull()
})

test('whoever resends bytes that are still under way does not put a name on them', () => {
  const notes = new StanzaNotes()
  notes.note(stanza('A1', '4915@lid'))
  notes.note(stanza('B1', '4916@lid'))
  expect(notes.take(ciphertext)).toMatchObject({ id: 'A1', participant: '4915@lid' })
})
