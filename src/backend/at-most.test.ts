import { expect, test } from 'vitest'
import { atMost } from './at-most.js'

/** Work that goes on until it is told to end. */
function work(): { begun: boolean; end: () => void; run: () => Promise<void> } {
  let end: () => void = () => {}
  const ended = new Promise<void>(resolve => (end = resolve))
  const given = {
    begun: false,
    end,
    run: () => {
      given.begun = true
      return ended
    },
  }
  return given
}

test('so many run at once, the others in the order in which they came, and one that fails gives its turn on', async () => {
  const inTurn = atMost(2)
  const works = [work(), work(), work(), work()]
  const results = works.map(each => inTurn(each.run))
  const failing = inTurn(() => Promise.reject(new Error('no')))
  const begun = () => works.map(each => each.begun)
  expect(begun()).toEqual([true, true, false, false])
  works[1]?.end()
  await results[1]
  await expect.poll(begun).toEqual([true, true, true, false])
  for (const each of works) each.end()
  await expect(failing).rejects.toThrow('no')
  await Promise.all(results)
  expect(await inTurn(async () => 'still')).toBe('still')
})

test('whoever comes when as many wait as may is refused', async () => {
  const inTurn = atMost(1, { waiting: 1, refusal: () => new Error('too many') })
  const [runs, waits] = [work(), work()]
  const results = [inTurn(runs.run), inTurn(waits.run)]
  await expect(inTurn(async () => 'late')).rejects.toThrow('too many')
  runs.end()
  waits.end()
  await Promise.all(results)
  expect(await inTurn(async () => 'later')).toBe('later')
})
