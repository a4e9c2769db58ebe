import { expect, test } from 'vitest'
import { AdmissionLine } from './admission-line.js'
import { StartsTogether } from './starts-together.js'

test('who starts while the database is asked waits for one question with the others, and gets an answer of their own', async () => {
  const asked: number[] = []
  const starts = new StartsTogether(new AdmissionLine(), async (numbers: readonly number[]) => {
    asked.push(numbers.length)
    return numbers.map(number => `answer ${number}`)
  })
  const numbers = Array.from({ length: 120 }, (_, number) => number)
  expect(await Promise.all(numbers.map(number => starts.ask(number)))).toEqual(numbers.map(n => `answer ${n}`))
  expect(asked).toEqual([50, 50, 20])
  expect(await starts.ask(7)).toBe('answer 7')
})

test('a question that fails fails for those who were in it, and for nobody after them', async () => {
  let broken = true
  const starts = new StartsTogether(new AdmissionLine(), async (names: readonly string[]) => {
    if (broken) throw new Error('no database')
    return names
  })
  const together = await Promise.allSettled([starts.ask('a'), starts.ask('b')])
  expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  broken = false
  expect(await starts.ask('c')).toBe('c')
})
