import { expect, test } from 'vitest'
import { shareAnswer } from './shared-answer.js'

test('who asks at once, or shortly after, shares one answer; later it is asked anew', async () => {
  let time = 0
  const questions: { resolve: (answer: string) => void; reject: (error: Error) => void }[] = []
  const ask = shareAnswer({
    ask: () => new Promise<string>((resolve, reject) => void questions.push({ resolve, reject })),
    forMs: 500,
    now: () => time,
  })
  const first = Array.from({ length: 1_000 }, ask)
  // a slow answer is not asked for a second time beside the first
  time = 2_000
  first.push(ask())
  questions[0]?.resolve('late')
  expect(new Set(await Promise.all(first))).toEqual(new Set(['late']))
  expect(questions).toHaveLength(1)

  const second = ask()
  questions[1]?.resolve('good')
  expect(await second).toBe('good')
  time += 499
  expect(await ask()).toBe('good')
  time += 1
  const third = ask()
  questions[2]?.reject(new Error('away'))
  await expect(third).rejects.toThrow('away')
  await expect(ask()).rejects.toThrow('away')
  expect(questions).toHaveLength(3)
})
