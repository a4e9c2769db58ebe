import { describe, expect, test } from 'vitest'
import { node } from '../wire/node-codec.js'
import { bundleNodes, preKeyNode, PreKeyPool, readBundle } from './pre-keys.js'

function keys(...pairs: [id: number, byte: number][]): ReturnType<typeof node> {
  return node(
    'list',
    {},
    pairs.map(([keyId, byte]) => preKeyNode({ keyId, publicKey: Buffer.alloc(32, byte) })),
  )
}

describe('a pool of one-time keys', () => {
  test('hands each key out once, oldest first, across uploads', () => {
    const pool = new PreKeyPool()
    expect(pool.take()).toBeUndefined()
    pool.add(keys([1, 1], [2, 2]))
    pool.add(keys([3, 3]))
    expect(pool.count).toBe(3)
    const taken = [pool.take(), pool.take(), pool.take(), pool.take()]
    expect(taken.map(key => key?.keyId)).toEqual([1, 2, 3, undefined])
    expect(taken[2]?.publicKey).toEqual(Buffer.alloc(32, 3))
    expect(pool.count).toBe(0)
  })

  test('names ids that come back with other bytes, even when they were handed out, and takes the same bytes silently', () => {
    const pool = new PreKeyPool()
    pool.add(keys([1, 1], [2, 2]))
    pool.take()
    expect(pool.add(keys([1, 9], [2, 2], [3, 3]))).toEqual([1])
    expect(pool.count).toBe(2)
  })

  test('is the same after a restart', () => {
    const pool = new PreKeyPool()
    pool.add(keys([1, 1], [2, 2], [3, 3]))
    pool.take()
    const restored = PreKeyPool.restore(pool.save())
    expect(restored.count).toBe(2)
    expect(restored.take()?.keyId).toBe(2)
    expect(restored.add(keys([1, 7]))).toEqual([1])
  })

  test('can be drained', () => {
    const pool = new PreKeyPool()
    pool.add(keys([1, 1], [2, 2], [3, 3]))
    pool.drain(1)
    expect(pool.take()?.keyId).toBe(3)
    expect(pool.count).toBe(0)
  })
})

test('a bundle reads back from its nodes', () => {
  const bundle = {
    registrationId: 4711,
    identity: Buffer.alloc(32, 1),
    signedPreKey: { keyId: 1, publicKey: Buffer.alloc(32, 2), signature: Buffer.alloc(64, 3) },
    preKey: { keyId: 70_000, publicKey: Buffer.alloc(32, 4) },
  }
  expect(readBundle(node('keys', {}, bundleNodes(bundle)), 4711)).toEqual(bundle)
  expect(readBundle(node('keys', {}, bundleNodes(bundle).slice(0, 3)), 4711)).toBeUndefined()
})
