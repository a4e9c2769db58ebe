import { expect, test } from 'vitest'
import { heldAfterReconnects } from './support/forced-reconnects.js'

/** Bytes for each reconnect of the second half: what V8 still compiles is less, one connection that stays is fifty times as much. */
const mostHeapGrowth = 2_000

test('a thousand reconnects leave no connection, socket, timer, listener, file or memory behind', async () => {
  const half = 504
  const [first, middle, last] = await heldAfterReconnects([24, half, 2 * half])
  if (first === undefined || middle === undefined || last === undefined) throw new Error('three looks were asked for')
  expect((last.heap - middle.heap) / half).toBeLessThan(mostHeapGrowth)
  expect(last.heap).toBeLessThan(first.heap * 1.1)
  expect(last.external).toBeLessThan(first.external * 1.1)
}, 1_800_000)
