import { expect, test } from 'vitest'
import { SessionId } from '../../contract/ids.js'
import { styleOf } from '../terminal.js'
import type { Told } from './ask-sessions.js'
import { sessionsTable } from './sessions-table.js'

const session = (given: Partial<Told>): Told => ({
  sessionId: SessionId.parse('0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10'),
  state: 'connected',
  reason: null,
  since: '2026-11-20T12:45:59.123Z',
  phoneNumber: '254700000001',
  name: null,
  mode: 'managed',
  lastConnectedAt: null,
  ...given,
})

test('columns stand below each other, and a name cannot command the terminal', () => {
  const table = sessionsTable(
    [
      session({ name: 'Shöp\u001b[2J 🛒' }),
      session({ state: 'linking', phoneNumber: null, name: 'A name that is far too long for one line' }),
    ],
    styleOf({ colour: false }),
  )
  expect(table.split('\n')).toEqual([
    'SESSION                               STATE      SINCE                 NUMBER         NAME',
    '0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10  connected  2026-11-20 12:45 UTC  +254700000001  Shöp [2J 🛒',
    '0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10  linking    2026-11-20 12:45 UTC  -              A name that is far too …',
  ])
})

test('colours are an addition: without them nothing is missing', () => {
  const coloured = sessionsTable([session({ state: 'banned' })], styleOf({ colour: true }))
  expect(coloured).toContain('\u001b[31mbanned')
  expect(coloured.replaceAll(/\p{Cc}\[\d+m/gu, '')).toBe(
    sessionsTable([session({ state: 'banned' })], styleOf({ colour: false })),
  )
})
