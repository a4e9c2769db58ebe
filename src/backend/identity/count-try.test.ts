import { expect, test } from 'vitest'
import { countTry, type Tries } from './count-try.js'

const nothing: Tries = { wrong: 0, level: 0, age: 0, left: null }

/** Tries one after the other, seconds apart; a wait is waited for in full. @returns the waits, in seconds */
function waits(count: number, secondsBetween: number): number[] {
  let known = nothing
  const found: number[] = []
  for (let i = 0; i < count; i++) {
    const { wrong, level, begins, waitSeconds } = countTry(known, 5)
    if (waitSeconds !== null) found.push(waitSeconds)
    known = { wrong, level, age: (begins ? 0 : known.age) + secondsBetween, left: null }
  }
  return found
}

test('five tries in a quarter of an hour pass, the sixth waits', () => {
  expect(waits(5, 1)).toEqual([])
  expect(waits(6, 1)).toEqual([60])
})

test('after each wait there is one try, and the next wait is twice as long, up to a quarter of an hour', () => {
  expect(waits(16, 1)).toEqual([60, 120, 240, 480, 900, 900])
})

test('a try every four minutes never waits: the window begins anew', () => {
  expect(waits(50, 240)).toEqual([])
})

test('during a wait nothing is counted', () => {
  const known = { wrong: 4, level: 2, age: -30, left: 30 }
  expect(countTry(known, 5)).toEqual({ wrong: 4, level: 2, begins: false, coolsForSeconds: null, waitSeconds: 30 })
})
