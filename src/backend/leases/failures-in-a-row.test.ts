import { expect, test } from 'vitest'
import { FailuresInARow } from './failures-in-a-row.js'

test('the first is said, then one a minute with how many there were, and the first again once it has worked', () => {
  let now = 5_000
  const failures = new FailuresInARow(() => now)
  const during = (ms: number) => {
    const said: (number | null)[] = []
    for (const end = now + ms; now < end; now += 250) said.push(failures.another())
    return said.filter(count => count !== null)
  }
  expect(during(1_000)).toEqual([1])
  expect(during(119_250)).toEqual([241, 481])
  failures.over()
  expect(during(1_000)).toEqual([1])
})
