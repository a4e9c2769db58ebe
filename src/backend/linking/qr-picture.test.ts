import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { shortWaits } from '../../../tests/support/short-waits.js'
import { qrPicture } from './qr-picture.js'

let waits: Disposable | null = null

afterEach(() => {
  waits?.[Symbol.dispose]()
  waits = null
})

const code = () => randomBytes(60).toString('base64')

test('one picture of a code serves all who ask within moments', async () => {
  const qr = code()
  const first = qrPicture(qr)
  expect(qrPicture(qr)).toBe(first)
  expect(await first).toMatch(/^data:image\/png;base64,/)
})

test('a picture is forgotten after the minute for which its code may be shown', async () => {
  waits = shortWaits(new Map([[60_000, 10]]))
  const qr = code()
  const first = qrPicture(qr)
  await first
  await expect.poll(() => qrPicture(qr) === first).toBe(false)
})
