import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LinkAttemptView, LinkPhase } from '../contract/linking.js'
import { SessionId } from '../contract/ids.js'
import type { Attempt } from './attempt.js'
import { attemptFromStart, attemptFromView, isOver, withEvent, withView } from './attempt.js'
import type { PageEvent } from './frames.js'

const sessionId = SessionId.parse('7d2f0a52-3a8e-4a53-9c1f-0e2b7d1c4a90')
const PICTURE = 'data:image/png;base64,AAAA'
const NEXT_PICTURE = 'data:image/png;base64,BBBB'

function view(change: Partial<LinkAttemptView> = {}): LinkAttemptView {
  return {
    sessionId,
    status: 'connecting',
    state: 'linking',
    mode: 'handed_off',
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
  expect(attempt.qr).toEqual({ picture: PICTURE, runsOutAt: 42_000, spanMs: 41_000 })
  expect(attempt.expiresAt).toBe(91_000)
})

test('the ring of a code keeps its span while the code stays, and starts anew with the next one', () => {
  const first = attemptFromView(view({ qrCode: PICTURE, qrExpiresInMs: 60_000 }), 0)
  const later = withView(first, view({ qrCode: PICTURE, qrExpiresInMs: 25_000 }), 35_000)
  expect(later.qr).toEqual({ picture: PICTURE, runsOutAt: 60_000, spanMs: 60_000 })
  const event: PageEvent = { event: 'qr_code', sessionId, picture: NEXT_PICTURE, expiresInMs: 20_000 }
  expect(withEvent(later, event, 60_000).qr).toEqual({ picture: NEXT_PICTURE, runsOutAt: 80_000, spanMs: 20_000 })
})

test('a code seen late in its life does not start with a full ring', () => {
  const { qr } = attemptFromView(view({ qrCode: PICTURE, qrExpiresInMs: 5000 }), 0)
  expect(qr?.spanMs).toBe(20_000)
})

test('an answer older than what is known changes nothing', () => {
  const scanned = withEvent(attemptFromView(view({ qrCode: PICTURE }), 0), { event: 'qr_scanned', sessionId }, 0)
  expect(scanned.phase).toBe('scanned')
  expect(scanned.qr).toBeNull()
  expect(withView(scanned, view({ qrCode: PICTURE }), 0)).toBe(scanned)
})

test('only the event complete says complete; progress never does', () => {
  const preparing = attemptFromView(view({ phase: 'preparing', step: 2, percent: 60 }), 0)
  const moved = withEvent(preparing, { event: 'progress', sessionId, step: 3, percent: 100 }, 0)
  expect(moved).toMatchObject({ phase: 'preparing', step: 2, percent: 100 })
  expect(withEvent(moved, { event: 'complete', sessionId }, 0)).toMatchObject({ phase: 'complete', step: 3 })
})

test('events of another attempt are not for this one', () => {
  const attempt = attemptFromStart(sessionId, PICTURE, 'managed')
  expect(withEvent(attempt, { event: 'complete', sessionId: 'another' }, 0)).toBe(attempt)
})

test('an attempt that ended after the scan remembers that the phone had accepted it', () => {
  const scanned = withEvent(attemptFromStart(sessionId, PICTURE, 'handed_off'), { event: 'qr_scanned', sessionId }, 0)
  const failed = withEvent(scanned, { event: 'link_ended', sessionId, phase: 'failed' }, 0)
  expect(withView(failed, view({ phase: 'failed' }), 0).phoneAccepted).toBe(true)
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
    fc.constant<PageEvent>({ event: 'qr_code', sessionId, picture: PICTURE, expiresInMs: 20_000 }),
    fc.constant<PageEvent>({ event: 'link_ended', sessionId, phase: 'expired' }),
  )
  const heard = event.map(it => (attempt: Attempt) => withEvent(attempt, it, 0))
  fc.assert(
    fc.property(fc.array(fc.oneof(read, heard)), changes => {
      let attempt = attemptFromStart(sessionId, PICTURE, 'handed_off')
      for (const change of changes) {
        const next = change(attempt)
        expect(rank(next.phase)).toBeGreaterThanOrEqual(rank(attempt.phase))
        expect(next.percent).toBeGreaterThanOrEqual(attempt.percent)
        expect(next.qr === null || rank(next.phase) === 1).toBe(true)
        attempt = next
      }
    }),
  )
})
