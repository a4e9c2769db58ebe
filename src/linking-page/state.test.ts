import { describe, expect, test } from 'vitest'
import { SessionId } from '../contract/ids.js'
import type { LinkAttemptView } from '../contract/linking.js'
import type { Started } from './answers.js'
import type { Happening, PageState, WishState } from './state.js'
import { initialState, reduce } from './state.js'
import { screenOf } from './screen.js'
import { troubleFromProblem } from './trouble.js'

const sessionId = SessionId.parse('7d2f0a52-3a8e-4a53-9c1f-0e2b7d1c4a90')
const picture = 'data:image/png;base64,AAAA'
const settings = { mode: 'handed_off', supportUrl: 'https://example.org', ownerUrl: null, logoUrl: null } as const
const scanning: LinkAttemptView = {
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
  qrCode: picture,
}

const byQr: Started = { sessionId, method: 'qr', content: picture, place: null }
const number = { digits: '254712345678', international: '+254 712 345678' }

function after(...happenings: Happening[]): PageState {
  return happenings.reduce(reduce, initialState(true, 'qr'))
}

const opened: Happening = { type: 'opened', settings, view: null, at: 0 }
const started: Happening[] = [opened, { type: 'start_pressed', number: null }, { type: 'started', started: byQr }]
const read = (change: Partial<LinkAttemptView>): Happening => {
  return { type: 'view_read', view: { ...scanning, ...change }, at: 0 }
}

const notice = (...more: Happening[]): string => screenOf(after(...started, ...more)).notice
const reopened = (phase: 'cancelled' | 'expired'): Happening => {
  return { type: 'opened', settings, view: { ...scanning, phase }, at: 0 }
}

test('from the first question to the first code', () => {
  expect(screenOf(after()).panel.kind).toBe('loading')
  expect(screenOf(after(opened)).panel).toMatchObject({ kind: 'welcome', mode: 'handed_off' })
  const pressed = screenOf(after(opened, { type: 'start_pressed', number: null }))
  expect(pressed).toMatchObject({ status: 'Status: Connecting…', panel: { kind: 'scan', shown: null } })
  expect(screenOf(after(...started))).toMatchObject({
    status: 'Status: Scanning…',
    panel: { kind: 'scan', shown: { content: picture } },
    steps: { names: ['Scan', 'Preparing your session ID', 'All set'], current: 1, finished: false },
  })
})

test('the managed steps have their own names', () => {
  const screen = screenOf(after(...started, read({ mode: 'managed', phase: 'preparing', step: 2 })))
  expect(screen.steps?.names).toEqual(['Scan', 'Setting up backup', 'All set'])
  expect(screen.status).toBe('Status: Setting up backup…')
})

test('nothing says delivered before the attempt is complete', () => {
  for (const phase of ['scanned', 'preparing', 'delivering'] as const) {
    expect(JSON.stringify(screenOf(after(...started, read({ phase }))))).not.toMatch(/delivered/i)
  }
})

test('a reason beside a complete attempt is shown, such as an older session it superseded', () => {
  const reason = { code: 'older_session_superseded', message: 'An older session was replaced.', action: 'Update it.' }
  const { panel } = screenOf(after(...started, read({ phase: 'complete', step: 3, percent: 100, reason })))
  expect(panel).toMatchObject({ kind: 'complete', note: reason, supportUrl: settings.supportUrl })
})

test('an ending heard of without its reason has sentences of its own until the reason is read', () => {
  const heard: Happening = { type: 'event_heard', event: { event: 'link_ended', sessionId, phase: 'failed' }, at: 0 }
  expect(screenOf(after(...started, heard)).panel).toMatchObject({
    kind: 'ended',
    told: { title: 'Linking did not work' },
  })
  const reason = { code: 'passkey', message: 'The phone asks for a passkey.', action: 'Confirm it first.' }
  const told = screenOf(after(...started, heard, read({ phase: 'failed', reason }))).panel
  expect(told).toMatchObject({ told: { message: reason.message, action: reason.action, hint: null } })
})

test('who ended an attempt after the scan is told to look at the linked devices', () => {
  const { panel } = screenOf(after(...started, read({ phase: 'scanned' }), read({ phase: 'cancelled' })))
  expect(panel).toMatchObject({
    kind: 'ended',
    told: { title: 'Cancelled', hint: expect.stringContaining('Linked Devices') },
  })
})

test('after a reload a cancelled attempt is no news, an expired one is', () => {
  expect(screenOf(after(reopened('cancelled'))).panel.kind).toBe('welcome')
  expect(screenOf(after(reopened('expired'))).panel).toMatchObject({
    kind: 'ended',
    told: { title: 'This attempt has expired' },
  })
})

test('a refusal waits as long as the server asked', () => {
  const problem = { code: 'database_unavailable', detail: 'The database does not answer.', action: 'Try again.' }
  const what = troubleFromProblem(problem, '5', 0)
  const { panel } = screenOf(
    after(opened, { type: 'start_pressed', number: null }, { type: 'refused', what, retry: 'start', at: 700 }),
  )
  expect(panel).toMatchObject({ kind: 'trouble', message: problem.detail, retry: { what: 'start', notBefore: 5700 } })
})

test('a view of another attempt is not taken over', () => {
  const state = after(...started)
  const other = SessionId.parse('00000000-0000-4000-8000-000000000000')
  expect(reduce(state, { type: 'view_read', view: { ...scanning, sessionId: other, phase: 'complete' }, at: 0 })).toBe(
    state,
  )
})

test('cancel pressed before the start was answered is kept until there is an attempt', () => {
  const early = after(opened, { type: 'start_pressed', number: null }, { type: 'cancel_pressed' })
  expect(screenOf(early).panel).toMatchObject({ kind: 'scan', cancelling: true })
  expect(reduce(early, { type: 'started', started: byQr }).pending).toBe('cancel')
})

test('the connection is mentioned only when it matters', () => {
  expect(notice({ type: 'health_changed', health: 'live' })).toBe('')
  expect(notice({ type: 'health_changed', health: 'polling' })).toMatch(/every few seconds/)
  expect(notice({ type: 'health_changed', health: 'lost' })).toMatch(/does not answer/)
  expect(notice({ type: 'online_changed', online: false })).toMatch(/offline/)
  expect(notice({ type: 'health_changed', health: 'polling' }, read({ phase: 'expired' }))).toBe('')
})

test('a number that the server does not like is told beside its field, and stays typed', () => {
  const problem = { code: 'validation_failed', errors: [{ path: 'phoneNumber', message: 'This number is too long.' }] }
  const what = troubleFromProblem(problem, null, 0)
  const state = after(opened, { type: 'start_pressed', number }, { type: 'refused', what, retry: 'start', at: 0 })
  expect(screenOf(state).panel).toMatchObject({ kind: 'welcome', way: 'code', problem: 'This number is too long.' })
})

test('while a QR is on show its visitor may type a number, until a phone has scanned', () => {
  const asking = after(...started, { type: 'number_wanted', wanted: true })
  expect(screenOf(asking).panel.kind).toBe('number')
  expect(screenOf(reduce(asking, read({}))).panel.kind).toBe('number')
  const scanned = reduce(asking, read({ phase: 'scanned' }))
  expect(screenOf(scanned).panel).toMatchObject({ kind: 'working', title: 'Code scanned' })
})

test('the code, whose it is, and that one was typed', () => {
  const code: Started = { sessionId, method: 'code', content: 'K7AB-23XD', place: null }
  const shown = after(opened, { type: 'start_pressed', number }, { type: 'started', started: code })
  expect(screenOf(shown)).toMatchObject({
    panel: { kind: 'code', shown: { content: 'K7AB-23XD' }, number, entered: false },
    steps: { names: ['Enter the code', 'Preparing your session ID', 'All set'] },
  })
  const event = { event: 'pairing_code_entered', sessionId } as const
  const entered = reduce(shown, { type: 'event_heard', event, at: 0 })
  expect(screenOf(entered)).toMatchObject({ status: 'Status: Your phone has answered…', panel: { entered: true } })
})

describe('a refused start', () => {
  const refusal = (asked: typeof number | null, problem: { code: string; reason?: string }, supported = true) => {
    const what = troubleFromProblem({ detail: 'No.', action: 'Wait a little.', ...problem }, '900', 0)
    const supportUrl = supported ? settings.supportUrl : null
    const open: Happening = { type: 'opened', settings: { ...settings, supportUrl }, view: null, at: 0 }
    const start: Happening = { type: 'start_pressed', number: asked }
    return screenOf(after(open, start, { type: 'refused', what, retry: 'start', at: 0 })).panel
  }

  test.each(['too_many_attempts', 'whatsapp_refused', 'whatsapp_unreachable', 'node_full', 'database_unavailable'])(
    '%s of a code leaves the other ways open, and waits as long as it is told to',
    code => {
      expect(refusal(number, { code })).toMatchObject({ retry: { otherWays: true, notBefore: 900_000 } })
      expect(refusal(null, { code })).toMatchObject({ retry: { main: 'again', otherWays: false } })
    },
  )

  test('leads to the QR where a code cannot be had, whatever the words of the advice', () => {
    expect(refusal(number, { code: 'too_many_attempts' })).toMatchObject({
      title: 'Too many attempts',
      retry: { main: 'qr' },
    })
    for (const reason of ['code_refused', 'code_rate_limited', 'code_unanswered']) {
      expect(refusal(number, { code: 'whatsapp_refused', reason })).toMatchObject({
        title: 'No code from WhatsApp',
        retry: { main: 'qr' },
      })
    }
  })

  test('leads to the operator where only they can help and can be reached', () => {
    const problem = { code: 'whatsapp_refused', reason: 'whatsapp_intercepted' }
    expect(refusal(number, problem)).toMatchObject({ retry: { main: 'operator' } })
    expect(refusal(number, problem, false)).toMatchObject({ retry: { main: 'again' } })
  })
})

test('unlinked is said only of an account that has been unlinked', () => {
  const managed = read({ mode: 'managed', state: 'connected', phase: 'complete', step: 3, can: ['resend', 'revoke'] })
  const revoke = (stage: 'confirming' | 'asking' | 'later' | 'done') => {
    const to = stage === 'later' || stage === 'done' ? { stage, told: 0 } : { stage }
    return screenOf(after(...started, managed, { type: 'wish_changed', wish: 'revoke', to })).panel
  }
  expect(revoke('confirming').kind).toBe('complete')
  expect(revoke('asking').kind).toBe('complete')
  expect(revoke('later')).toMatchObject({ kind: 'ended', told: { title: 'Unlinking' } })
  const reloaded = read({ mode: 'managed', state: 'logged_out', phase: 'complete', step: 3 })
  expect(screenOf(after(...started, reloaded)).panel).toMatchObject({ told: { title: 'Unlinked' } })
  expect(revoke('done')).toMatchObject({ kind: 'ended', told: { title: 'Unlinked' } })
})

test('a session that something else has logged in with can be revoked, and is shown as it is until then', () => {
  const reason = {
    code: 'replaced',
    message: 'Something else has logged in.',
    action: 'If it was not your bot, revoke.',
  }
  const replaced = read({ mode: 'managed', state: 'disconnected', phase: 'complete', step: 3, can: ['revoke'], reason })
  const revoke = (to: WishState) =>
    screenOf(after(...started, replaced, { type: 'wish_changed', wish: 'revoke', to })).panel
  const shown = { kind: 'ended', key: 'session-over', told: { message: reason.message }, can: ['revoke'] }
  expect(screenOf(after(...started, replaced)).panel).toMatchObject({ ...shown, wishes: {} })
  for (const stage of ['confirming', 'asking'] as const)
    expect(revoke({ stage })).toMatchObject({ ...shown, wishes: { revoke: { stage } } })
  expect(revoke({ stage: 'later', told: 0 })).toMatchObject({ key: 'unlinking', told: { title: 'Unlinking' }, can: [] })
  expect(revoke({ stage: 'done', told: 0 })).toMatchObject({ key: 'unlinked', told: { title: 'Unlinked' }, can: [] })
})

test.each([
  ['superseded', 'managed', 'A newer link took over'],
  ['superseded', 'handed_off', 'A newer link took over'],
  ['logged_out', 'handed_off', 'Unlinked'],
  ['banned', 'managed', 'WhatsApp refused the account'],
  ['expired', 'managed', 'This session has ended'],
  ['disconnected', 'managed', 'Not connected'],
  ['handed_off', 'managed', 'This gateway has stepped back'],
] as const)('a finished link whose session is %s, %s, is not shown as one that goes on', (is, mode, title) => {
  const reason = { code: 'linked_again', message: 'Another took its place.', action: 'Log it out.' }
  const over = read({ mode, state: is, phase: 'complete', step: 3, reason })
  expect(screenOf(after(...started, over)).panel).toMatchObject({
    kind: 'ended',
    told: { title, message: reason.message, action: reason.action },
  })
})

test.each([
  ['handed_off', 'handed_off'],
  ['reconnecting', 'managed'],
] as const)('a finished link whose session is %s stays one', (is, mode) => {
  const panel = screenOf(after(...started, read({ mode, state: is, phase: 'complete', step: 3 }))).panel
  expect(panel.kind).toBe('complete')
})
