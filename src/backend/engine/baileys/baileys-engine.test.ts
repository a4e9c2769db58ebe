import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../../log.js'
import { createBaileysEngine } from './baileys-engine.js'
import { createPreKeyPool, type PreKeyPool } from './pre-keys/pre-key-pool.js'

let pool: PreKeyPool

beforeAll(() => {
  pool = createPreKeyPool({ size: 1, count: 2 })
})

afterAll(() => pool[Symbol.asyncDispose]())

test('credentials that could not be made ahead are made when somebody asks', async () => {
  let asked = 0
  const failsOnce: PreKeyPool = {
    get ready() {
      return pool.ready
    },
    take: () => (++asked === 1 ? Promise.reject(new Error('the thread ended')) : pool.take()),
    [Symbol.asyncDispose]: async () => {},
  }
  const engine = createBaileysEngine({ url: null, preKeys: failsOnce, log: createLog({ level: 'silent' }) })
  await expect.poll(() => asked).toBe(1)
  expect(await engine.newCredentials()).toMatchObject({ engine: 'baileys' })
  expect(asked).toBe(2)
})
