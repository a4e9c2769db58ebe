import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { reactionTable, tableUnder } from '../../../tests/support/reaction-table.js'
import type { ClosePhase } from '../engine/engine.js'
import { closeReactions, reactionTo } from './close-reactions.js'
import type { Reaction } from './reaction.js'
import { ReconnectPlan } from './reconnect-plan.js'
import { sessionReason } from './session-reasons.js'

const rows: readonly Reaction[] = closeReactions
const isOf = (phase: ClosePhase) => (row: Reaction) => row.phases.includes(phase)

/** Every row in each of its planes and phases. */
const cases = rows.flatMap(row =>
  row.planes.flatMap(plane => row.phases.map(phase => ({ plane, phase, kind: row.kind, row }))),
)

describe.each(cases)('$kind on plane $plane while $phase', ({ plane, phase, kind, row }) => {
  test('is met by its own row', () => {
    expect(reactionTo({ plane, kind, phase })).toBe(row)
  })

  test('follows from the row and from nothing else', () => {
    const plan = new ReconnectPlan({ random: () => 0.5, now: () => 0 })
    const reason = { plane, kind, phase, status: row.codes[0] ?? null }
    const tries = row.tries?.most ?? 3
    for (let nth = 1; nth <= tries; nth++) {
      const step = plan.after(reason)
      if (row.again.when === 'never' || row.again.when === 'until' || row.trying === null) {
        expect(step).toEqual(row.rest === null ? { next: 'nothing' } : { next: 'rest', shown: row.rest, reaction: row })
        return
      }
      expect(step).toMatchObject({ next: 'connect', shown: row.trying, until: null, reaction: row })
    }
    expect(plan.after(reason).next).toBe(row.tries === null ? 'connect' : 'rest')
  })

  test('has words, and leaves credentials to nobody', () => {
    for (const shown of [row.trying, row.rest]) {
      if (shown !== null) expect(sessionReason(shown.reason)).not.toBeNull()
    }
    expect(row.credentials === 'discard').toBe(phase === 'linking' && row.again.when === 'never')
    // what is put away is what no account has any more
    expect(row.credentials === 'quarantine').toBe(row.rest?.state === 'logged_out' || row.rest?.state === 'banned')
    if (row.rest === null && row.trying !== null) expect(row.again.when).not.toBe('never')
  })
})

test.each([401, 402, 403, 405, 406, 408, 409, 411, 413, 414, 415, 418, 428, 429, 440, 500, 501, 503, 515])(
  'the table knows %i of a running session',
  code => {
    expect(rows.filter(row => isOf('open')(row) && row.codes.includes(code))).not.toEqual([])
  },
)

test('what no row knows is met by patience', () => {
  expect(reactionTo({ plane: 'storage', kind: 'qr_expired', phase: 'open' })).toMatchObject({
    kind: 'unknown',
    again: { when: 'backoff' },
    tries: null,
  })
})

test('the document says the same', () => {
  const text = readFileSync(new URL('../../../docs/sessions.md', import.meta.url), 'utf8')
  expect(tableUnder('### Of a session', text)).toEqual(reactionTable(rows.filter(isOf('open'))))
  expect(tableUnder('### While an account is being linked', text)).toEqual(reactionTable(rows.filter(isOf('linking'))))
})
