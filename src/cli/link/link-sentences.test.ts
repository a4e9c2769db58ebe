import { expect, test } from 'vitest'
import { LinkPhase } from '../../contract/linking.js'
import { endingOf, minutesAndSeconds, statusOf } from './link-sentences.js'

const view = {
  sessionId: '0b6f1e1e-3c55-4f0e-9d0b-3f5f2f6c7a10',
  status: 'connecting',
  state: 'linking',
  mode: 'handed_off',
  method: 'qr',
  step: 1,
  percent: 0,
  reason: null,
  since: '2026-01-01T00:00:00.000Z',
} as const
const of = (more: object): never => ({ ...view, ...more }) as never

test('every phase has words: a status while it runs, an ending afterwards', () => {
  for (const phase of LinkPhase.options) {
    const over = ['complete', 'expired', 'cancelled', 'failed'].includes(phase)
    expect(statusOf(of({ phase })) === '').toBe(over)
    if (over) expect(endingOf(of({ phase })).length).toBeGreaterThan(1)
  }
})

test('the gateway’s reason and action are the ending, as far as a terminal may show them', () => {
  const reason = { code: 'qr_expired', message: 'No phone \u001b[8mscanned.', action: 'Start again.' }
  expect(endingOf(of({ phase: 'expired', reason }))).toEqual(['No phone  [8mscanned.', 'Start again.'])
})

test('a success claims no more than is known', () => {
  const reason = { code: 'delivery_unconfirmed', message: 'Not confirmed yet.', action: 'Look into your own chat.' }
  const unsure = endingOf(of({ phase: 'complete', reason }))
  expect(unsure).toContain('Not confirmed yet.')
  expect(unsure.join(' ')).not.toContain('is in your own chat on the phone')
  expect(endingOf(of({ phase: 'complete' }))[0]).toContain('The session ID is in your own chat')
  expect(endingOf(of({ phase: 'complete', mode: 'managed' })).at(-1)).toContain('stays connected')
})

test('a second is shown until it is over', () => {
  expect([0, -5, 1, 1000, 65_000].map(minutesAndSeconds)).toEqual(['0:00', '0:00', '0:01', '0:01', '1:05'])
})
