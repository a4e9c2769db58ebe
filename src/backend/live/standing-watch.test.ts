import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UserId, WorkspaceId } from '../../contract/ids.js'
import { scopesOf, type Member } from '../http/actor.js'
import { createLog } from '../log.js'
import { watchStanding } from './standing-watch.js'

const member: Member = {
  kind: 'key',
  workspaceId: WorkspaceId.parse('00000000-0000-4000-8000-000000000001'),
  userId: UserId.parse('00000000-0000-4000-8000-000000000002'),
  role: 'member',
  scopes: scopesOf('member'),
  sessionIds: null,
  address: '127.0.0.1',
  keyId: 'abcdefgh',
}

let woken: Map<string, () => void>
let answers: (Member | null | Error)[]
let asked: number
let told: (Member | null)[]
let stop: () => void

beforeEach(() => {
  vi.useFakeTimers()
  woken = new Map()
  answers = []
  asked = 0
  told = []
  const wakeups = {
    subscribe(name: string, wake: () => void) {
      woken.set(name, wake)
      return () => void woken.delete(name)
    },
  }
  const stillStands = async (): Promise<Member | null> => {
    asked++
    const answer = answers.length === 0 ? member : (answers.shift() ?? null)
    if (answer instanceof Error) throw answer
    return answer
  }
  stop = watchStanding(
    { stillStands, wakeups, log: createLog({ level: 'silent' }) },
    member,
    now => void told.push(now),
  )
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

test('it is asked at once, and every minute, whoever forgets to wake', async () => {
  await vi.advanceTimersByTimeAsync(59_000)
  expect(asked).toBe(1)
  await vi.advanceTimersByTimeAsync(122_000)
  expect([asked, told]).toEqual([4, [member, member, member, member]])
})

test('it is asked at once when the login or the key has changed', async () => {
  expect([...woken.keys()]).toEqual([member.userId, member.keyId])
  await vi.advanceTimersByTimeAsync(1)
  for (const [times, name] of ['abcdefgh', member.userId].entries()) {
    woken.get(name)?.()
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toBe(times + 2)
  }
})

test('a change while it is asked is asked about anew', async () => {
  await vi.advanceTimersByTimeAsync(1)
  woken.get('abcdefgh')?.()
  woken.get('abcdefgh')?.()
  await vi.advanceTimersByTimeAsync(5)
  expect(asked).toBe(3)
})

test('while nobody can say, nobody is told, and it is asked again soon', async () => {
  await vi.advanceTimersByTimeAsync(1)
  told = []
  answers = [new Error('away'), new Error('away'), null]
  await vi.advanceTimersByTimeAsync(60_000)
  expect([asked, told]).toEqual([2, []])
  await vi.advanceTimersByTimeAsync(10_000)
  expect([asked, told]).toEqual([4, [null]])
})

test('nothing is asked after its end', async () => {
  await vi.advanceTimersByTimeAsync(1)
  const wake = woken.get('abcdefgh')
  stop()
  wake?.()
  await vi.advanceTimersByTimeAsync(200_000)
  expect([asked, woken.size]).toEqual([1, 0])
})
