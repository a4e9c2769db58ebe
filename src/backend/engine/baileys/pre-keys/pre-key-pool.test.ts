import { Worker } from 'node:worker_threads'
import { initAuthCreds } from '@whiskeysockets/baileys'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { derivePreKey } from '../../../../session/derive-pre-key.js'
import { seededPreKeys } from '../../../../session/seeded-pre-keys.js'
import { deriveBatch, preKeyOf, type PreKeyBatch } from './pre-key-batch.js'
import { createPreKeyPool, type PreKeyPool, type PreKeyPoolOptions } from './pre-key-pool.js'

let open: PreKeyPool[] = []
function poolOf(options: PreKeyPoolOptions): PreKeyPool {
  const pool = createPreKeyPool(options)
  open.push(pool)
  return pool
}
afterEach(async () => {
  for (const pool of open) await pool[Symbol.asyncDispose]()
  open = []
})

const readyIs = (pool: PreKeyPool, count: number) => vi.waitFor(() => expect(pool.ready).toBe(count), 20_000)

function expectDerived({ seed, keys }: PreKeyBatch, count: number): void {
  expect(seed).toHaveLength(32)
  expect(keys).toHaveLength(count * 64)
  for (let id = 1; id <= count; id += 1) expect(preKeyOf({ seed, keys }, id)).toEqual(derivePreKey(seed, id))
  for (const id of [0, count + 1, 1.5, -1]) expect(preKeyOf({ seed, keys }, id)).toBeUndefined()
}

describe('a pool of pre-keys', () => {
  test('holds exactly the keys their seed defines, 812 of them', async () => {
    const pool = poolOf({ size: 1 })
    expectDerived(await pool.take(), 812)
  })

  test('fills up, stays at its size, and refills after a take', async () => {
    const pool = poolOf({ size: 3, first: 3, count: 4 })
    await readyIs(pool, 3)
    await pool.take()
    await readyIs(pool, 3)
    for (let i = 0; i < 3; i += 1) await pool.take()
    await readyIs(pool, 3)
  })

  test('begins with few and keeps one more for each that is taken, up to its size', async () => {
    const pool = poolOf({ size: 5, first: 2, count: 4 })
    for (const kept of [2, 3, 4, 5, 5]) {
      await readyIs(pool, kept)
      // the worker is asked for nothing more
      await new Promise(resolve => setImmediate(resolve))
      expect(pool.ready).toBe(kept)
      await pool.take()
    }
  })

  test('gives every asker a batch of its own, also far more than were ready', async () => {
    const pool = poolOf({ size: 2, count: 3 })
    const batches = await Promise.all(Array.from({ length: 40 }, () => pool.take()))
    expect(new Set(batches.map(({ seed }) => seed.toString('hex'))).size).toBe(40)
    for (const batch of batches) expectDerived(batch, 3)
  })

  test('serves nobody after it was closed, closes twice, and tells those who wait', async () => {
    const pool = poolOf({ size: 1 })
    const waiting = Array.from({ length: 3 }, () => pool.take())
    const outcomes = Promise.allSettled(waiting)
    await pool[Symbol.asyncDispose]()
    await pool[Symbol.asyncDispose]()
    const codes = (await outcomes).map(outcome =>
      outcome.status === 'rejected' ? Object(outcome.reason).code : 'given',
    )
    expect(codes).toEqual(['pool_closed', 'pool_closed', 'pool_closed'])
    await expect(pool.take()).rejects.toMatchObject({ code: 'pool_closed' })
    expect(pool.ready).toBe(0)
  })

  test('goes on without its worker, and with a new one at the next call', async () => {
    const lives = ['throw new Error("no memory")', undefined]
    const pool = poolOf({
      size: 1,
      count: 5,
      startWorker: () => {
        const source = lives.shift()
        return source === undefined ? brokenAfterOne() : new Worker(source, { eval: true })
      },
    })
    expectDerived(await pool.take(), 5)
    expect(await pool.take()).toMatchObject({ seed: Buffer.alloc(32, 1) })
  })

  test('goes on when no worker can be started at all', async () => {
    const pool = poolOf({ size: 1, count: 5, startWorker: noThreads })
    expectDerived(await pool.take(), 5)
    expectDerived(await pool.take(), 5)
  })
})

function noThreads(): Worker {
  throw new Error('no threads left')
}

/** A worker that answers once, so that its batches can be told from others. */
function brokenAfterOne(): Worker {
  const source = `const { parentPort } = require('node:worker_threads')
    parentPort.once('message', () => parentPort.postMessage({ seed: new Uint8Array(32).fill(1), keys: new Uint8Array(320) }))`
  return new Worker(source, { eval: true })
}

test('a batch made without a worker is the same kind of batch, and lets other work in between', async () => {
  let turns = 0
  let done = false
  const count = (): void => {
    turns += 1
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  const batch = await deriveBatch(64)
  done = true
  expect(turns).toBeGreaterThanOrEqual(3)
  expectDerived(batch, 64)
})

test('a batch spares seeded pre-keys their derivations', async () => {
  const batch = await deriveBatch(2)
  const asked: number[] = []
  const lookup = (id: number) => {
    asked.push(id)
    return preKeyOf(batch, id)
  }
  const keys = seededPreKeys({ seed: batch.seed, usedIds: [], creds: initAuthCreds(), lookup })
  expect(keys.get(['1', '2', '3'])).toEqual({
    1: derivePreKey(batch.seed, 1),
    2: derivePreKey(batch.seed, 2),
    3: derivePreKey(batch.seed, 3),
  })
  expect(asked).toEqual([1, 2, 3])
})
