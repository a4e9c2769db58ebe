import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.js'

test('so many at once, then so many a second', () => {
  let now = 0
  const bucket = new TokenBucket(5, 10, () => now)
  for (let nth = 1; nth <= 10; nth++) {
    expect(bucket.wait()).toBe(0)
    bucket.take()
  }
  expect(bucket.wait()).toBe(200)
  now = 200
  expect(bucket.wait()).toBe(0)
  bucket.take()
  expect(bucket.wait()).toBe(200)
  now = 1_000_000
  for (let nth = 1; nth <= 10; nth++) bucket.take()
  expect(bucket.wait()).toBe(200)
})

test('what happened unasked is owed, but not without end', () => {
  let now = 0
  const bucket = new TokenBucket(5, 10, () => now)
  for (let nth = 1; nth <= 1_000; nth++) bucket.take()
  expect(bucket.wait()).toBe(2_200)
  now = 2_200
  expect(bucket.wait()).toBe(0)
})
