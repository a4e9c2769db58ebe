import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TenantRig } from '../../../tests/support/tenant-rig.js'
import { SessionId } from '../../contract/ids.js'
import type { EventLog, LoggedEvent } from './event-log.js'
import { eventStream } from './event-stream.js'
import type { EventWakeups } from './event-wakeups.js'

let rig: TenantRig
let visible: SessionId
let userId: string

beforeAll(async () => {
  rig = await TenantRig.open()
  visible = await rig.session()
  const [session] = await rig.rows.query<{ owner_id: string }>('select owner_id from whizlite.sessions')
  userId = session?.owner_id ?? ''
})
afterAll(() => rig[Symbol.asyncDispose]())

const lost = (sessionId: SessionId, reason: string): LoggedEvent => ({
  event: 'connection_lost',
  data: { sessionId, status: 'disconnected', reason },
})

/** @returns the number of the last one */
function tell(sessionId: SessionId, count: number, word: string): Promise<bigint> {
  const [first, ...others] = Array.from({ length: count }, (_, index) => lost(sessionId, `${word} ${index}`))
  return rig.transact(tx => rig.events.append(tx, first ?? lost(sessionId, word), ...others))
}

/** Wakes by hand, and the places that the log was read from. */
function listener() {
  const readAfter: bigint[] = []
  let wake = () => {}
  const wakeups: Pick<EventWakeups, 'subscribe'> = {
    subscribe(_name, subscriber) {
      wake = subscriber
      return () => {}
    },
  }
  const log: EventLog = {
    ...rig.events,
    read: (tx, sessions, after, ...others) => {
      readAfter.push(after)
      return rig.events.read(tx, sessions, after, ...others)
    },
  }
  return { deps: { tenants: rig.tenants, log, wakeups: wakeups as EventWakeups }, readAfter, wake: () => wake() }
}

test('a member hears all of their own from among many of others, which are looked through once', async () => {
  const strangers = SessionId.parse(randomUUID())
  const start = await tell(visible, 1, 'start')
  for (let round = 0; round < 3; round++) {
    await tell(strangers, 2_500, 'not theirs')
    await tell(visible, 130, `round ${round}`)
  }
  const { deps, readAfter, wake } = listener()
  const ended = new AbortController()
  const scope = { workspaceId: rig.workspaceId, userId }
  const heard: string[] = []
  const stream = eventStream(deps, { scope, sessions: 'all', after: start, signal: ended.signal })
  const next = async (): Promise<void> => {
    const { done, value } = await stream.next()
    if (done !== true) heard.push((value.event.data as { reason: string }).reason)
  }
  while (heard.length < 390) await next()
  const told = [0, 1, 2].flatMap(round => Array.from({ length: 130 }, (_, index) => `round ${round} ${index}`))
  expect(heard).toEqual(told)
  const waiting = next()
  const last = await tell(strangers, 5_000, 'not theirs either')
  wake()
  await expect.poll(() => readAfter.at(-1)).toBe(last - 1_000n)
  const before = readAfter.length
  await tell(visible, 1, 'end')
  wake()
  await waiting
  expect(heard.at(-1)).toBe('end 0')
  expect(readAfter.slice(before)).toEqual([last])
  ended.abort()
  await stream.return(undefined)
})

test('and so does one who is cut off in the middle of it, and comes back', async () => {
  const start = await tell(visible, 1, 'start')
  await tell(visible, 250, 'again')
  const scope = { workspaceId: rig.workspaceId, userId }
  const heard: bigint[] = []
  let after = start
  while (heard.length < 250) {
    const ended = new AbortController()
    for await (const { seq } of eventStream(listener().deps, { scope, sessions: 'all', after, signal: ended.signal })) {
      heard.push(seq)
      after = seq
      if (heard.length % 70 === 0 || heard.length === 250) break
    }
    ended.abort()
  }
  expect(heard).toEqual(Array.from({ length: 250 }, (_, index) => start + 1n + BigInt(index)))
})
