import { expect, test } from 'vitest'
import { AddressLock } from './address-lock.js'

function job() {
  let finish = () => {}
  const end = new Promise<void>(resolve => (finish = resolve))
  return { end, finish }
}

test('work on one address runs in the order it was asked for, also after a failure', async () => {
  const lock = new AddressLock()
  const order: number[] = []
  const first = job()
  const failing = lock.run(['a'], async () => {
    await first.end
    order.push(1)
    throw new Error('failed')
  })
  const second = lock.run(['a'], async () => order.push(2))
  await lock.run(['b'], async () => order.push(0))
  first.finish()
  await expect(failing).rejects.toThrow('failed')
  await second
  expect(order).toEqual([0, 1, 2])
})

test('work on several addresses waits for each of them, and two that name them in opposite order both end', async () => {
  const lock = new AddressLock()
  const order: string[] = []
  const [a, b] = [job(), job()]
  const holders = [lock.run(['a'], () => a.end), lock.run(['b'], () => b.end)]
  const both = [
    lock.run(['a', 'b'], async () => void order.push('a then b')),
    lock.run(['b', 'a'], async () => void order.push('b then a')),
  ]
  a.finish()
  await holders[0]
  expect(order).toEqual([])
  b.finish()
  await Promise.all(both)
  expect(order).toEqual(['a then b', 'b then a'])
})
