import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LinkAttemptView, LinkPhase } from '../contract/linking.js'
import { SessionId } from '../contract/ids.js'
import type { Started } from './answers.js'
import type { Attempt } from './attempt.js'
import { attemptFromStart, attemptFromView, isOver, withEvent, withView } from './attempt.js'
import type { PageEvent } from './frames.js'

const sessionId = SessionId.parse('7d2f0a52-3a8e-4a53-9c1f-0e2b7d1c4a90')
const PICTURE = 'data:image/png;base64,AAAA'
const NEXT_PICTURE = 'data:image/png;base64,BBBB'
const started: Started = { sessionId, method: 'qr', content: PICTURE, place: null }

function view(change: Partial<LinkAttemptView> = {}): LinkAttemptView {
  return {
    sessionId,
    status: 'connecting',
    state: 'linking',
    mode: 'handed_off',
    method: 'qr',
    phase: 'scanning',
    step: 1,
    percent: 10,
    reason: null,
    since: '2026-01-01T00:00:00.000Z',
    ...change,
  }
}

test('times left are counted from the moment of the answer', () => {
  const attempt = attemptFromView(view({ qrCode: PICTURE, qrExpiresInMs: 41_000, expiresInMs: 90_000 }), 1000)
  expect(attempt.shown).toEqual({ content: PICTURE, runsOutAt: 42_000, spanMs: 41_000 })
  expect(attempt.expiresAt).toBe(91_000)
})

test('the ring of a code keeps its span while the code stays, and starts anew with the next one', () => {
  const first = attemptFromView(view({ qrCode: PICTURE, qrExpiresInMs: 60_000 }), 0)
  const later = withView(first, view({ qrCode: PICTURE, qrExpiresInMs: 25_000 }), 35_000)
  expect(later.shown).toEqual({ content: PICTURE, runsOutAt: 60_000, spanMs: 60_000 })
  const event: PageEvent = { event: 'shown', sessionId, method: 'qr', content: NEXT_PICTURE, expiresInMs: 20_000 }
  expect(withEvent(later, event, 60_000).shown).toEqual({ content: NEXT_PICTURE, runsOutAt: 80_000, spanMs: 20_000 })
})

test('a code seen late in its life does not start with a full ring', () => {
  const { shown } = attemptFromView(view({ qrCode: PICTURE, qrExpiresInMs: 5000 }), 0)
  expect(shown?.spanMs).toBe(20_000)
})

test('an answer older than what is known changes nothing', () => {
  const scanned = withEvent(attemptFromView(view({ qrCode: PICTURE }), 0), { event: 'qr_scanned', sessionId }, 0)
  expect(scanned.phase).toBe('scanned')
  expect(scanned.shown).toBeNull()
  expect(withView(scanned, view({ qrCode: PICTURE }), 0)).toBe(scanned)
})

test('only the event complete says complete; progress never does', () => {
  const preparing = attemptFromView(view({ phase: 'preparing', step: 2, percent: 60 }), 0)
  const moved = withEvent(preparing, { event: 'progress', sessionId, step: 3, percent: 100 }, 0)
  expect(moved).toMatchObject({ phase: 'preparing', step: 2, percent: 100 })
  expect(withEvent(moved, { event: 'complete', sessionId }, 0)).toMatchObject({ phase: 'complete', step: 3 })
})

test('events of another attempt are not for this one', () => {
  const attempt = attemptFromStart(started, 'managed', 'qr')
  expect(withEvent(attempt, { event: 'complete', sessionId: 'another' }, 0)).toBe(attempt)
})

test('an attempt that ended after the scan remembers that the phone had accepted it', () => {
  const scanned = withEvent(attemptFromStart(started, 'handed_off', 'qr'), { event: 'qr_scanned', sessionId }, 0)
  const failed = withEvent(scanned, { event: 'link_ended', sessionId, phase: 'failed' }, 0)
  expect(withView(failed, view({ phase: 'failed' }), 0).phoneAccepted).toBe(true)
})

test('a code that was typed stays typed while it is the same code', () => {
  const byCode = { method: 'code', pairingCode: 'K7AB-23XD', codeExpiresInMs: 170_000 } as const
  const attempt = attemptFromView(view(byCode), 0)
  expect(attempt).toMatchObject({ method: 'code', codeEntered: false, shown: { runsOutAt: 170_000, spanMs: 180_000 } })
  const entered = withEvent(attempt, { event: 'pairing_code_entered', sessionId }, 0)
  expect(entered.codeEntered).toBe(true)
  expect(withView(entered, view(byCode), 0).codeEntered).toBe(true)
  expect(withView(entered, view({ ...byCode, pairingCode: 'AAAA-2222' }), 0).codeEntered).toBe(false)
  expect(withEvent(entered, { event: 'qr_scanned', sessionId }, 0)).toMatchObject({ phase: 'scanned', shown: null })
})

test('what a start has shown stays when the view read after it does not have it yet', () => {
  const attempt = attemptFromStart(started, 'handed_off', 'qr')
  expect(withView(attempt, view({ phase: 'starting' }), 0)).toMatchObject({ phase: 'scanning', shown: attempt.shown })
  expect(withView(attempt, view({ method: 'code' }), 0).shown).toBeNull()
  expect(withView(attempt, view({ phase: 'expired' }), 0).shown).toBeNull()
})

test('from the queue to the code', () => {
  const waiting = attemptFromStart({ sessionId, method: null, content: null, place: 4 }, 'handed_off', 'code')
  expect(waiting).toMatchObject({ phase: 'queued', place: 4, method: 'code', shown: null })
  const next = withView(waiting, view({ method: 'code', phase: 'queued', queuePosition: 1 }), 0)
  expect(next.place).toBe(1)
  const event: PageEvent = { event: 'shown', sessionId, method: 'code', content: 'K7AB-23XD', expiresInMs: 180_000 }
  expect(withEvent(next, event, 5)).toMatchObject({ phase: 'scanning', place: null, shown: { runsOutAt: 180_005 } })
})

const ORDER: LinkPhase[] = ['starting', 'scanning', 'scanned', 'preparing', 'delivering', 'complete']
const rank = (phase: LinkPhase): number => (isOver(phase) ? 9 : Math.max(1, ORDER.indexOf(phase)))

test('whatever arrives in whatever order, an attempt never goes back', () => {
  const phase = fc.constantFrom<LinkPhase>(...ORDER, 'expired', 'cancelled', 'failed')
  const percent = fc.integer({ min: 0, max: 100 })
  const step = fc.constantFrom<1 | 2 | 3>(1, 2, 3)
  const read = fc
    .record({ phase, percent, step })
    .map(change => (attempt: Attempt) => withView(attempt, view(change), 0))
  const event = fc.oneof(
    fc.constantFrom<PageEvent>({ event: 'qr_scanned', sessionId }, { event: 'complete', sessionId }),
    fc.record({ step, percent }).map((p): PageEvent => ({ event: 'progress', sessionId, ...p })),
    fc.constant<PageEvent>({ event: 'shown', sessionId, method: 'qr', content: PICTURE, expiresInMs: 20_000 }),
    fc.constant<PageEvent>({ event: 'link_ended', sessionId, phase: 'expired' }),
  )
  const heard = event.map(it => (attempt: Attempt) => withEvent(attempt, it, 0))
  fc.assert(
    fc.property(fc.array(fc.oneof(read, heard)), changes => {
      let attempt = attemptFromStart(started, 'handed_off', 'qr')
      for (const change of changes) {
        const next = change(attempt)
        expect(rank(next.phase)).toBeGreaterThanOrEqual(rank(attempt.phase))
        expect(next.percent).toBeGreaterThanOrEqual(attempt.percent)
        expect(next.shown === null || rank(next.phase) === 1).toBe(true)
        attempt = next
      }
    }),
  )
})
