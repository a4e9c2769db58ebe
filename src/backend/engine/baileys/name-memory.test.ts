import type { SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys'
import { LIDMappingStore } from '@whiskeysockets/baileys/lib/Signal/lid-mapping.js'
import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { forgetNamesAtEnd } from './name-memory.js'

const pn = '254700000001@s.whatsapp.net'
const lid = '991100@lid'

/** Names over a store that answers when it is told to. */
function names() {
  const asked: string[][] = []
  let answer = () => {}
  const keys = {
    get: async (_type: string, ids: string[]) => {
      asked.push(ids)
      await new Promise<void>(resolve => (answer = resolve))
      return { '254700000001': '991100', '991100_reverse': '254700000001' }
    },
    set: async () => {},
    transaction: <Result>(work: () => Promise<Result>) => work(),
    isInTransaction: () => false,
  }
  const store = new LIDMappingStore(keys as unknown as SignalKeyStoreWithTransaction, pino({ level: 'silent' }))
  forgetNamesAtEnd(store)
  const answered = async (looking: Promise<unknown>): Promise<unknown> => {
    answer()
    return looking
  }
  return { store, asked, answered }
}

describe('names of accounts', () => {
  test('are remembered as long as the line lives', async () => {
    const { store, asked, answered } = names()
    expect(await answered(store.getLIDForPN(pn))).toBe(lid)
    expect(await store.getLIDForPN(pn)).toBe(lid)
    expect(await store.getPNForLID(lid)).toContain('254700000001')
    expect(asked).toHaveLength(1)
    store.close()
  })

  test.each([
    ['the other name of a number', (store: LIDMappingStore) => store.getLIDForPN(pn)],
    ['the number of another name', (store: LIDMappingStore) => store.getPNForLID(lid)],
    ['a pair that was told', (store: LIDMappingStore) => store.storeLIDPNMappings([{ lid, pn }])],
  ])('are forgotten with it, also what is looked up at that moment: %s', async (_, look) => {
    const { store, asked, answered } = names()
    const looking = look(store)
    await expect.poll(() => asked.length).toBe(1)
    store.close()
    await answered(looking)
    const again = store.getLIDForPN(pn)
    await expect.poll(() => asked.length).toBe(2)
    expect(await answered(again)).toBe(lid)
  })
})
