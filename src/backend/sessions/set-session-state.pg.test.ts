import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import type { SessionId } from '../../contract/ids.js'
import { SessionState } from '../../contract/sessions.js'
import { readSession, sessionHistory } from './session-view.js'
import { mayMove } from './session-transitions.js'
import { setSessionState, type SessionChange } from './set-session-state.js'

let rig: TenantRig

beforeAll(async () => {
  rig = await TenantRig.open()
})

afterAll(() => rig[Symbol.asyncDispose]())

const view = (id: SessionId) => rig.read(tx => readSession(tx, id))
const told = async (id: SessionId) =>
  (await rig.read(tx => rig.events.read(tx, [id], 0n, 1_000))).map(({ event }) => event)
const history = (id: SessionId, limit = 1_000, before?: string) =>
  rig.read(tx => sessionHistory(tx, id, { limit, ...(before !== undefined && { before }) }))

test('whatever is asked for in whatever order, a session only moves as it may, and nothing of it goes unrecorded', async () => {
  const asked = fc.record({
    state: fc.constantFrom(...SessionState.options),
    reason: fc.constantFrom(null, 'connection_lost', 'logged_out', 'starting'),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SessionState.options),
      fc.array(asked, { minLength: 1, maxLength: 12 }),
      async (first, walk) => {
        const id = await rig.session({ state: first, since: '1 hour' })
        let now: { state: SessionState; reason: string | null } = { state: first, reason: null }
        const expected: (typeof now)[] = []
        const lines: string[] = []
        for (const step of walk) {
          const before = await view(id)
          const changed = await rig.transact(tx => setSessionState(rig.events, tx, id, step))
          const differs = now.state !== step.state || now.reason !== step.reason
          expect(changed).toBe(differs && mayMove(now.state, step.state))
          if (!changed) continue
          const after = await view(id)
          if (now.state === step.state) expect(after?.since).toBe(before?.since)
          else expect(Date.parse(after?.since ?? '')).toBeGreaterThan(Date.parse(before?.since ?? ''))
          expected.push(step)
          lines.push('session_state')
          if (step.state === 'connected' && now.state !== 'connected') lines.push('connection_success')
          if (step.state !== 'connected' && now.state === 'connected') lines.push('connection_lost')
          now = step
        }
        expect(await view(id)).toMatchObject({ state: now.state, reason: now.reason && { code: now.reason } })
        const kept = (await history(id)).entries.map(({ state, reason }) => ({ state, reason: reason?.code ?? null }))
        expect(kept).toEqual(expected.toReversed())
        const heard = await told(id)
        expect(heard.map(({ event }) => event)).toEqual(lines)
        expect(heard.flatMap(({ event, data }) => (event === 'session_state' ? [data.state] : []))).toEqual(
          expected.map(({ state }) => state),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('two who move a session at once move it one after the other', async () => {
  const id = await rig.session()
  const move = (state: SessionState) => rig.transact(tx => setSessionState(rig.events, tx, id, { state }))
  const moved = await Promise.all([move('handed_off'), move('reconnecting'), move('handed_off')])
  expect(moved.filter(Boolean).length).toBeGreaterThanOrEqual(1)
  const { entries } = await history(id)
  expect(entries[0]?.state).toBe('handed_off')
  expect(entries).toHaveLength(moved.filter(Boolean).length)
})

test('a restriction ends when WhatsApp says so, and not because the session rests over something else', async () => {
  const id = await rig.session()
  const move = (change: SessionChange) => rig.transact(tx => setSessionState(rig.events, tx, id, change))
  const until = new Date(Date.now() + 3_600_000)
  await move({ state: 'disconnected', reason: 'restricted', until })
  expect(await move({ state: 'disconnected', reason: 'restricted' })).toBe(false)
  await move({ state: 'disconnected', reason: 'stopped' })
  expect(await view(id)).toMatchObject({ reason: { code: 'stopped' }, until: until.toISOString() })
  await move({ state: 'disconnected', reason: 'restricted', until: null })
  expect(await view(id)).not.toHaveProperty('until')
  await move({ state: 'disconnected', reason: 'restricted', until })
  await move({ state: 'connecting', reason: 'starting' })
  expect(await view(id)).not.toHaveProperty('until')
})

test('history is read in pages, newest first, and says who ran the session', async () => {
  const id = await rig.session()
  for (const state of ['reconnecting', 'connected', 'reconnecting', 'connected', 'disconnected'] as const)
    await rig.transact(tx => setSessionState(rig.events, tx, id, { state }))
  const first = await history(id, 2)
  expect(first.entries.map(({ state }) => state)).toEqual(['disconnected', 'connected'])
  expect(first.entries[0]).toMatchObject({ epoch: 1, nodeId: expect.any(String) as string })
  const second = await history(id, 2, first.next ?? undefined)
  const third = await history(id, 2, second.next ?? undefined)
  expect([...second.entries, ...third.entries].map(({ state }) => state)).toEqual([
    'reconnecting',
    'connected',
    'reconnecting',
  ])
  expect(third.next).toBeNull()
})

test('when a session was connected last is known while it is not', async () => {
  const id = await rig.session({ connected: '3 days' })
  await rig.transact(tx => setSessionState(rig.events, tx, id, { state: 'reconnecting' }))
  expect(Date.now() - Date.parse((await view(id))?.lastConnectedAt ?? '')).toBeLessThan(60_000)
})

test('nobody else writes a session’s state', async () => {
  const root = join(import.meta.dirname, '..')
  const files = (await readdir(root, { recursive: true })).filter(name => /(?<!\.test)\.ts$/.test(name))
  const writers = files.filter(name => {
    const text = readFileSync(join(root, name), 'utf8')
    if (/insertInto\('sessions'\)|insert into sessions\s/i.test(text)) return true
    const updates = text.split(/updateTable\('sessions'\)|update\s+sessions\s/i).slice(1)
    return updates.some(update => /\b(state|since)\b\s*[,:=]/.test(update.split(/\bwhere\b/, 1)[0] ?? ''))
  })
  expect(writers).toEqual([join('sessions', 'set-session-state.ts')])
})
