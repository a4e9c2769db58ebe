import { expect, test } from 'vitest'
import { createShortMemory } from './short-memory.js'

function rig(most?: number) {
  const asked: string[] = []
  const subscribers = new Map<string, () => void>()
  const clock = { now: 0 }
  const answers = new Map<string, () => Promise<string | null>>()
  const memory = createShortMemory<string>({
    forMs: 5_000,
    ...(most !== undefined && { most }),
    now: () => clock.now,
    load: key => {
      asked.push(key)
      return (answers.get(key) ?? (async () => `${key}${asked.length}`))()
    },
    subscribe(key, changed) {
      subscribers.set(key, changed)
      return () => subscribers.delete(key)
    },
  })
  return { memory, asked, subscribers, clock, answers }
}

test('asks once for many, and again when the answer is old', async () => {
  const { memory, asked, clock } = rig()
  expect(await Promise.all([memory.get('a'), memory.get('a')])).toEqual(['a1', 'a1'])
  clock.now = 4_999
  expect(await memory.get('a')).toBe('a1')
  clock.now = 5_000
  expect(await memory.get('a')).toBe('a2')
  expect(asked).toEqual(['a', 'a'])
})

test('a change that comes while the question is under way is not missed', async () => {
  const { memory, subscribers, answers } = rig()
  let answer: (value: string) => void = () => {}
  answers.set('a', () => new Promise(resolve => (answer = resolve)))
  const before = memory.get('a')
  subscribers.get('a')?.()
  answers.delete('a')
  const after = memory.get('a')
  answer('old')
  expect(await Promise.all([before, after])).toEqual(['old', 'a2'])
  expect(await memory.get('a')).toBe('a2')
})

test('keeps neither what is not there nor what failed, and no subscription of it', async () => {
  const { memory, answers, asked, subscribers } = rig()
  answers.set('a', async () => null)
  expect(await memory.get('a')).toBeNull()
  answers.set('a', () => Promise.reject(new Error('away')))
  await expect(memory.get('a')).rejects.toThrow('away')
  expect(subscribers.size).toBe(0)
  answers.delete('a')
  expect(await memory.get('a')).toBe('a3')
  expect(asked).toHaveLength(3)
})

test('holds no more than it may', async () => {
  const { memory, subscribers } = rig(2)
  for (const key of ['a', 'b', 'c']) await memory.get(key)
  expect([...subscribers.keys()]).toEqual(['b', 'c'])
  expect(memory.peek('a')).toBeNull()
})
