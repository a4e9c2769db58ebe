import { hash, verify } from '@node-rs/argon2'
import { expect, test } from 'vitest'
import { createPasswords, type Argon2 } from './passwords.js'

/** The real one, with a count of what it is asked. */
function counted(): { argon2: Argon2; calls: string[]; mostAtOnce: () => number } {
  const calls: string[] = []
  let running = 0
  let most = 0
  const counting =
    <Args extends unknown[], Result>(name: string, work: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      calls.push(name)
      most = Math.max(most, ++running)
      try {
        return await work(...args)
      } finally {
        running--
      }
    }
  return { argon2: { hash: counting('hash', hash), verify: counting('verify', verify) }, calls, mostAtOnce: () => most }
}

test('a password is kept as argon2id with 19 MiB, two passes and a salt of its own', async () => {
  const passwords = createPasswords()
  const [one, other] = [await passwords.hash('teapot under the moon'), await passwords.hash('teapot under the moon')]
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(one).not.toBe(other)
  expect(await passwords.matches(one, 'teapot under the moon')).toBe(true)
  expect(await passwords.matches(one, 'teapot under the sun')).toBe(false)
})

test('one that is typed in another composition of the same letters is the same', async () => {
  const passwords = createPasswords()
  expect(await passwords.matches(await passwords.hash('caf\u00e9 under the moon'), 'cafe\u0301 under the moon')).toBe(
    true,
  )
})

test('a login that is not costs one verification, like one that is', async () => {
  const { argon2, calls } = counted()
  const passwords = createPasswords(argon2)
  const stored = await passwords.hash('teapot under the moon')
  // the decoy is made once
  expect(await passwords.matches(null, 'teapot under the moon')).toBe(false)
  calls.length = 0
  expect(await passwords.matches(stored, 'wrong')).toBe(false)
  const known = calls.splice(0)
  expect(await passwords.matches(null, 'wrong')).toBe(false)
  expect(calls).toEqual(known)
  expect(known).toEqual(['verify'])
})

test('that the decoy could not be made once does not keep it from being made', async () => {
  let failures = 1
  const passwords = createPasswords({
    hash: (...args) => (failures-- > 0 ? Promise.reject(new Error('no memory')) : hash(...args)),
    verify,
  })
  await expect(passwords.matches(null, 'wrong')).rejects.toThrow('no memory')
  expect(await passwords.matches(null, 'wrong')).toBe(false)
})

test('the password of nobody lets nobody in', async () => {
  expect(await createPasswords().matches(null, 'the password of nobody')).toBe(false)
})

test('two are worked on at once, fifty wait, and more are sent away', async () => {
  const { argon2, calls, mostAtOnce } = counted()
  const passwords = createPasswords(argon2)
  const outcomes = await Promise.allSettled(Array.from({ length: 60 }, () => passwords.hash('teapot')))
  const refused = outcomes.filter(outcome => outcome.status === 'rejected')
  expect(refused).toHaveLength(8)
  expect(refused[0]?.reason).toMatchObject({ code: 'too_many_attempts', status: 429 })
  expect(calls).toHaveLength(52)
  expect(mostAtOnce()).toBe(2)
  expect(await passwords.hash('afterwards')).toContain('$argon2id$')
})
