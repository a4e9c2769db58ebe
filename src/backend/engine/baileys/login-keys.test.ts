import { expect, test } from 'vitest'
import { LoginKeys } from './login-keys.js'

const me = { id: '254710000001:7@s.whatsapp.net' }
const bytes = (text: string) => Buffer.from(text)

/** What is stored, and every question that was asked of it. */
function stored(initial: Record<string, string>) {
  const rows = new Map(Object.entries(initial))
  const questions: string[] = []
  const found = (type: string, ids: readonly string[]) =>
    new Map(
      ids.flatMap(id => {
        const value = rows.get(`${type} ${id}`)
        return value === undefined ? [] : [[id, bytes(value)]]
      }),
    )
  return {
    rows,
    questions,
    read: async (type: string, ids: readonly string[]) => {
      questions.push(`${type} ${ids.join(',')}`)
      return found(type, ids)
    },
    readMany: async (wanted: ReadonlyMap<string, readonly string[]>) => {
      questions.push('login')
      return new Map([...wanted].map(([type, ids]) => [type, found(type, ids)]))
    },
  }
}

const text = (found: Map<string, Uint8Array>) =>
  Object.fromEntries([...found].map(([id, value]) => [id, Buffer.from(value).toString()]))

test('asks once for all that a login reads, and knows what is absent', async () => {
  const store = stored({ 'lid-mapping 254710000001': '"200"', 'session 254710000001.7': 'ratchet' })
  const keys = new LoginKeys(store, { me })
  const [tokens, lid, again, session, devices] = await Promise.all([
    keys.read('tctoken', ['__index']),
    keys.read('lid-mapping', ['254710000001']),
    keys.read('tctoken', ['__index']),
    keys.read('session', ['254710000001.7']),
    keys.read('device-list', ['254710000001']),
  ])
  expect([tokens, lid, again, session, devices].map(text)).toEqual([
    {},
    { 254710000001: '"200"' },
    {},
    { '254710000001.7': 'ratchet' },
    {},
  ])
  expect(store.questions).toEqual(['login'])
})

test('asks the store for everything else', async () => {
  const store = stored({ 'lid-mapping 1': 'a' })
  const keys = new LoginKeys(store, { me })
  expect(text(await keys.read('lid-mapping', ['254710000001', '1']))).toEqual({ 1: 'a' })
  expect(text(await keys.read('sender-key', ['x']))).toEqual({})
  expect(store.questions).toEqual(['lid-mapping 254710000001,1', 'sender-key x'])
})

test('asks the store while a change is under way, and answers with it once it is stored', async () => {
  const store = stored({ 'session 254710000001.7': 'old' })
  const keys = new LoginKeys(store, { me })
  const read = async () => text(await keys.read('session', ['254710000001.7']))
  expect(await read()).toEqual({ '254710000001.7': 'old' })
  await keys.during(new Map([['session', new Map([['254710000001.7', bytes('new')]])]]), async () => {
    expect(await read()).toEqual({ '254710000001.7': 'old' })
    store.rows.set('session 254710000001.7', 'new')
  })
  expect(await read()).toEqual({ '254710000001.7': 'new' })
  await keys.during(new Map([['session', new Map([['254710000001.7', null]])]]), async () => {})
  expect(await read()).toEqual({})
  expect(store.questions).toEqual(['login', 'session 254710000001.7'])
})

test('a change that could not be stored is never answered with', async () => {
  const store = stored({})
  const keys = new LoginKeys(store, { me })
  const failed = keys.during(new Map([['device-list', new Map([['254710000001', bytes('7')]])]]), async () => {
    throw new Error('the database is away')
  })
  await expect(failed).rejects.toThrow('away')
  expect(text(await keys.read('device-list', ['254710000001']))).toEqual({})
  expect(store.questions).toEqual(['device-list 254710000001'])
})

test('what is stored already is no news, once it has been read', async () => {
  const store = stored({ 'device-list 254710000001': '["7"]' })
  const keys = new LoginKeys(store, { me })
  const change = (value: string | null) =>
    new Map([['device-list', new Map([['254710000001', value === null ? null : bytes(value)]])]])
  const isNews = (value: string | null) => keys.news(change(value)).get('device-list')?.size === 1
  expect(isNews('["7"]')).toBe(true)
  await keys.read('tctoken', ['__index'])
  expect([isNews('["7"]'), isNews('["8"]'), isNews(null)]).toEqual([false, true, true])
  await keys.during(change(null), async () => {
    expect(isNews(null)).toBe(true)
  })
  expect([isNews(null), isNews('["7"]')]).toEqual([false, true])
})

test('a device without an account has nothing to log in with', async () => {
  const store = stored({})
  await new LoginKeys(store, {}).read('tctoken', ['__index'])
  expect(store.questions).toEqual(['tctoken __index'])
})
