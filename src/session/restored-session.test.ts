/** A real link with the simulator, taken over by nothing but the string: what the string must be good for. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Phone } from '../simulator/control-surface.js'
import { RawAccount, RawClient } from '../simulator/raw-client.fixture.js'
import { startSimulator, type Simulator } from '../simulator/simulator.js'
import { encodeSessionId } from './encode-session-id.js'
import { memoryKeys } from './memory-keys.js'
import { seededPreKeys } from './seeded-pre-keys.js'
import { useSessionId, type UsedSessionId } from './use-session-id.js'

const NUMBER = '49151000001'

/** An account as this product links one: its pre-keys come from a seed. */
class SeededAccount extends RawAccount {
  readonly preKeys = seededPreKeys({ seed: randomBytes(32), usedIds: [], creds: this.creds })
  readonly memory = memoryKeys({}, this.preKeys, () => Promise.resolve())
  override readonly keys = this.memory.store
}

class BotAccount extends RawAccount {
  override readonly creds
  override readonly keys

  constructor({ state }: UsedSessionId) {
    super()
    this.creds = state.creds
    this.keys = state.keys
  }
}

let simulator: Simulator
let ada: Phone
let folder: string
let text: string
let strangers = 0

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'restored-session-'))
  simulator = await startSimulator()
  ada = await simulator.phone(NUMBER, { name: 'Ada' })
  const account = new SeededAccount()
  const linking = new RawClient(simulator, account)
  await ada.scan(await linking.qr())
  expect(await linking.closed()).toBe(515)
  const server = await new RawClient(simulator, account).open()
  await server.until(() => account.creds.myAppStateKeyId, 'the app state key')
  await hearFromStranger(server)
  const type = 'app-state-sync-key'
  text = encodeSessionId({
    creds: account.creds,
    appStateSyncKeys: await account.keys.get(type, Object.keys(account.memory.stored()[type] ?? {})),
    lidMapping: null,
    preKeys: { seed: account.preKeys.seed, usedIds: account.preKeys.usedIds() },
  })
  await server.close()
})
afterAll(async () => {
  await simulator.stop()
  await rm(folder, { recursive: true })
})

async function hearFromStranger(client: RawClient): Promise<Phone> {
  strangers += 1
  const stranger = await simulator.phone(`4915200000${strangers}`)
  await stranger.send(ada, `hello from ${strangers}`)
  await client.text(`hello from ${strangers}`)
  return stranger
}

const retries = () => simulator.ledger({ type: 'retry' })

test('a bot started from the string hears strangers at first try, answers, and tops up from the seed', async () => {
  expect(text.length).toBeLessThan(1_400)
  const used = await useSessionId(text)
  const bot = await new RawClient(simulator, new BotAccount(used)).open()
  for (let i = 0; i < 4; i += 1) await hearFromStranger(bot)
  const stranger = await hearFromStranger(bot)
  await bot.sock.sendMessage(stranger.jid, { text: 'hello back' })
  await stranger.waitForMessage({ text: 'hello back' })

  // WhatsApp runs out of keys: what the bot uploads now exists nowhere but in the seed.
  const before = used.state.creds.firstUnuploadedPreKeyId
  simulator.device(NUMBER, 1).drainPreKeys(0)
  await bot.until(() => used.state.creds.firstUnuploadedPreKeyId > before, 'a top-up')
  await expect.poll(async () => (await ada.devices())[0]?.preKeysOnServer).toBeGreaterThan(0)
  for (let i = 0; i < 3; i += 1) await hearFromStranger(bot)
  expect(await retries()).toEqual([])
  await bot.close()
})

test('a bot with a file goes on with the conversations it had', async () => {
  const file = path.join(folder, 'state.json')
  const first = await new RawClient(simulator, new BotAccount(await useSessionId(text, { file }))).open()
  const stranger = await hearFromStranger(first)
  await first.sock.sendMessage(stranger.jid, { text: 'who is there?' })
  await stranger.waitForMessage({ text: 'who is there?' })
  await first.close()
  const again = await new RawClient(simulator, new BotAccount(await useSessionId(text, { file }))).open()
  await stranger.send(ada, 'it is me')
  await again.text('it is me')
  await hearFromStranger(again)
  expect(await retries()).toEqual([])
  await again.close()
})

test('a second bot from the same string, without the file, still hears strangers', async () => {
  const bot = await new RawClient(simulator, new BotAccount(await useSessionId(text))).open()
  await hearFromStranger(bot)
  expect(await retries()).toEqual([])
  await bot.close()
})

test('no connection broke a rule of the protocol', async () => {
  expect(await simulator.problems()).toEqual([])
})
