import { expect, test, vi } from 'vitest'
import { WatchRound } from './watch-round.js'

const blockMs = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

test('all are looked at by one timer, until they leave', async () => {
  const round = new WatchRound(5, () => 42)
  const looks = vi.fn()
  const leave = [1, 2, 3].map(() => round.add({ look: looks, stoodStill() {} }))
  await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThanOrEqual(6))
  expect(looks).toHaveBeenCalledWith(42)
  for (const end of leave) {
    end()
    end()
  }
})

test('a process that stood still does not hold it against anybody', async () => {
  const round = new WatchRound(5, () => 0)
  const told: string[] = []
  const leave = round.add({ look: () => void told.push('look'), stoodStill: () => void told.push('resumed') })
  try {
    await vi.waitFor(() => expect(told).toContain('look'))
    blockMs(1_100)
    await vi.waitFor(() => expect(told).toContain('resumed'))
    expect(told[told.indexOf('resumed') + 1]).toBe('look')
  } finally {
    leave()
  }
})
