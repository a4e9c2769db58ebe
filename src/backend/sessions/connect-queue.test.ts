import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { SessionId } from '../../contract/ids.js'
import type { ConnectPriority } from './connect-pacer.js'
import { ConnectQueue } from './connect-queue.js'

const sessionId = () => SessionId.parse(randomUUID())

test('who is waited for goes first, of equals the first that came', async () => {
  const queue = new ConnectQueue()
  const order: string[] = []
  const { signal } = new AbortController()
  const joins = (['rest', 'recent', 'pending', 'rest', 'owner_waits', 'pending'] as ConnectPriority[]).map(
    async (priority, nth) => {
      await queue.join({ sessionId: sessionId(), priority }, signal)
      order.push(`${priority} ${nth}`)
    },
  )
  while (queue.size > 0) {
    queue.first()?.go()
    await Promise.resolve()
  }
  await Promise.all(joins)
  expect(order).toEqual(['owner_waits 4', 'pending 2', 'pending 5', 'recent 1', 'rest 0', 'rest 3'])
})

test('of equals that come together the one that has been away longest goes first, and nobody goes before a higher priority for that', () => {
  const queue = new ConnectQueue()
  const { signal } = new AbortController()
  const join = (priority: ConnectPriority, awayMs?: number) => {
    const id = sessionId()
    void queue.join({ sessionId: id, priority, ...(awayMs !== undefined && { awayMs }) }, signal)
    return id
  }
  const day = 24 * 60 * 60 * 1_000
  const rest = join('rest', 300 * day)
  const [brief, unknown, long, longer] = [
    join('recent', 5_000),
    join('recent'),
    join('recent', day),
    join('recent', 2 * day),
  ]
  const pending = join('pending', day)
  const owner = join('owner_waits')
  const order: SessionId[] = []
  for (let next = queue.first(); next !== null; next = queue.first()) {
    order.push(next.sessionId)
    next.go()
  }
  expect(order).toEqual([owner, pending, longer, long, brief, unknown, rest])
})

test('who waited long enough goes before whoever has just come', async () => {
  const queue = new ConnectQueue()
  const { signal } = new AbortController()
  const now = performance.now
  const first = sessionId()
  void queue.join({ sessionId: first, priority: 'rest' }, signal)
  performance.now = () => now.call(performance) + 301_000
  try {
    void queue.join({ sessionId: sessionId(), priority: 'owner_waits' }, signal)
    expect(queue.first()?.sessionId).toBe(first)
  } finally {
    performance.now = now
  }
})

test('who gives up leaves, and never had a turn', async () => {
  const queue = new ConnectQueue()
  const giving = new AbortController()
  const joined = queue.join({ sessionId: sessionId(), priority: 'rest' }, giving.signal)
  giving.abort(new Error('enough'))
  await expect(joined).rejects.toThrow('enough')
  expect(queue.size).toBe(0)
  await expect(queue.join({ sessionId: sessionId(), priority: 'rest' }, giving.signal)).rejects.toThrow('enough')
})
