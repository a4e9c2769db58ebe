import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeSessionId } from '../src/session/index.js'
import { linkClient, RawClient } from '../src/simulator/raw-client.fixture.js'
import type { Phone } from '../src/simulator/index.js'
import { botAccount, type BotAccount } from './support/bot.js'
import { Rows } from './support/rows.js'
import { TestGateway } from './support/test-gateway.js'
import type { Answer, Visitor } from './support/visitor.js'

const token = randomBytes(32).toString('hex')
let gateway: TestGateway
let rows: Rows
let number = 254_700_000_500

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { LINK_DEFAULT: 'handed_off', WHATSAPP_SERVICE_TOKEN: token } })
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const newPhone = () => gateway.simulator.phone(String(++number))

const call = (path: string, body: unknown): Promise<Answer> =>
  gateway.visitor().request('POST', `/api/v1/sessions/${path}`, body, { authorization: `Bearer ${token}` })

const takeBack = (sessionId: string, body: object = {}) => call(`${sessionId}/take-back`, { botStopped: true, ...body })

const inState = (sessionId: string, state: string) =>
  rows.waitFor<{ mode: string; reason: string | null }>(
    `select mode, reason from sessions where id = $1 and state = $2`,
    [sessionId, state],
  )

async function connects(answer: Answer, sessionId: unknown): Promise<void> {
  expect(answer).toMatchObject({ status: 200, body: { sessionId, state: 'connecting' } })
  expect(await inState(String(sessionId), 'connected')).toEqual({ mode: 'managed', reason: null })
}

/** A phone linked and handed off, and what its owner was sent. */
async function handOff(phone: Phone): Promise<{ sessionId: string; string: string; visitor: Visitor }> {
  const visitor = gateway.visitor()
  const { sessionId, qrCode } = await visitor.start()
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  await inState(sessionId, 'handed_off')
  const { text } = await phone.waitForMessage({ fromMe: true })
  return { sessionId, string: text ?? '', visitor }
}

const run = (account: BotAccount) => new RawClient(gateway.simulator, account).open()

/** The session has read the message: its plaintext was kept, whatever it took. */
const reads = (sessionId: string, id: string) =>
  rows.waitFor(`select 1 from inbound_journal where session_id = $1 and stanza->>'id' = $2`, [sessionId, id])

const retriesFor = (id: string) => gateway.simulator.ledger({ direction: 'in', tag: 'receipt', type: 'retry', id })

const loginsOf = async (phone: Phone) =>
  (await gateway.simulator.ledger({ direction: 'out', tag: 'success', account: phone.phoneNumber })).length

/** The session answers its owner, who can read it. */
async function speaks(phone: Phone): Promise<void> {
  const before = (await phone.messages(phone.jid)).filter(({ text }) => text?.includes('ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ')).length
  await phone.send(phone.jid, '.menu')
  await expect
    .poll(async () => (await phone.messages(phone.jid)).filter(({ text }) => text?.includes('ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ')).length)
    .toBe(before + 1)
  await phone.waitForQuiet()
}

describe('a session that a bot has', () => {
  let phone: Phone
  let sessionId: string
  let account: BotAccount
  let bot: RawClient
  let friend: Phone

  /** A bot runs from the string, chats both ways, has keys of its own making at WhatsApp and has used some. */
  beforeEach(async () => {
    phone = await newPhone()
    friend = await newPhone()
    const handedOff = await handOff(phone)
    sessionId = handedOff.sessionId
    account = await botAccount(handedOff.string)
    bot = await run(account)
    await friend.send(phone, 'to the bot')
    await bot.text('to the bot')
    await bot.sock.sendMessage(friend.jid, { text: 'from the bot' })
    await friend.waitForMessage({ text: 'from the bot' })
    await bot.sock.uploadPreKeys(20)
    const { deviceId } = await phone.waitForDevice('online')
    gateway.simulator.device(phone.phoneNumber, deviceId).drainPreKeys(21)
    for (const words of ['one', 'two']) {
      await (await newPhone()).send(phone, words)
      await bot.text(words)
    }
  })

  const stop = async () => {
    await bot.close()
    await phone.waitForDevice('offline')
  }

  test.each(['stored', 'string'])(
    'comes back by what is %s: old and new contacts are read, the owner is answered',
    async source => {
      await stop()
      const waiting = await friend.send(phone, 'while nobody ran it')
      await connects(
        await takeBack(sessionId, source === 'string' ? { sessionIdString: await account.sessionId() } : {}),
        sessionId,
      )
      await reads(sessionId, waiting.id)
      expect(await retriesFor(waiting.id)).not.toEqual([])
      const { id } = await friend.send(phone, 'again')
      await reads(sessionId, id)
      // keys that the bot has uploaded: from the seed, but only the bot's own string proves that
      const stranger = await newPhone()
      const first = await stranger.send(phone, 'hello')
      await reads(sessionId, first.id)
      expect((await retriesFor(first.id)).length > 0).toBe(source === 'stored')
      await speaks(phone)
      const { deviceId, preKeysOnServer } = await phone.waitForDevice('online')
      expect(preKeysOnServer).toBeGreaterThanOrEqual(50)
      // when those are gone, keys of this server's own are handed out
      gateway.simulator.device(phone.phoneNumber, deviceId).drainPreKeys(40)
      const newest = await (await newPhone()).send(phone, 'hello too')
      await reads(sessionId, newest.id)
      expect(await retriesFor(newest.id)).toEqual([])
      await gateway.simulator.assertClean()
    },
  )

  test('goes back to a bot that was not stopped after all, without a fight, and can be taken back again', async () => {
    await stop()
    await connects(await takeBack(sessionId), sessionId)
    const logins = await loginsOf(phone)
    bot = await run(account)
    expect(await inState(sessionId, 'handed_off')).toEqual({ mode: 'handed_off', reason: 'bot_still_running' })
    expect(await rows.query(`select 1 from session_leases where session_id = $1 and wanted`, [sessionId])).toEqual([])
    await friend.send(phone, 'for the bot again')
    await bot.text('for the bot again')
    await bot.sock.sendMessage(friend.jid, { text: 'still here' })
    await friend.waitForMessage({ text: 'still here' })
    await phone.waitForQuiet()
    expect(await loginsOf(phone)).toBe(logins + 1)
    expect(bot.seen('connection.update').some(({ connection }) => connection === 'close')).toBe(false)

    await stop()
    await connects(await takeBack(sessionId), sessionId)
    const { id } = await friend.send(phone, 'and back')
    await reads(sessionId, id)
    await speaks(phone)
    await gateway.simulator.assertClean()
  })

  test('throws a bot out that still runs, which takes it back by connecting again', async () => {
    await connects(await takeBack(sessionId), sessionId)
    expect(await bot.closed()).toBe(440)
    const logins = await loginsOf(phone)
    bot = await run(account)
    expect(await inState(sessionId, 'handed_off')).toMatchObject({ reason: 'bot_still_running' })
    await phone.waitForQuiet()
    expect(await loginsOf(phone)).toBe(logins + 1)
    await stop()
  })

  test('is not taken without the word that the bot is stopped, nor from another device’s string, nor twice', async () => {
    const warned = await takeBack(sessionId, { botStopped: false })
    expect(warned).toMatchObject({ status: 409, body: { code: 'bot_not_stopped' } })
    expect(warned.body['detail']).toContain('throw each other out')
    expect(await call(`${sessionId}/take-back`, {})).toMatchObject({ status: 409, body: { code: 'bot_not_stopped' } })
    await stop()
    const other = await handOff(await newPhone())
    expect(await takeBack(sessionId, { sessionIdString: other.string })).toMatchObject({
      status: 409,
      body: { code: 'session_id_foreign' },
    })
    expect(await inState(sessionId, 'handed_off')).toMatchObject({ mode: 'handed_off' })
    await connects(await takeBack(sessionId), sessionId)
    expect(await takeBack(sessionId)).toMatchObject({ status: 409, body: { code: 'session_state' } })
  })
})

describe('import', () => {
  test('a device that was linked elsewhere becomes a session here, whose contacts are read', async () => {
    const phone = await newPhone()
    const friend = await newPhone()
    const { string: earlier, sessionId: superseded } = await handOff(phone)
    const foreign = await linkClient(gateway.simulator, phone)
    await friend.send(phone, 'before')
    await foreign.text('before')
    await foreign.close()
    await phone.waitForDevice('offline')
    const { creds } = foreign.account
    const source = { creds, appStateSyncKeys: {}, lidMapping: null, preKeys: null }
    const string = encodeSessionId(source, { format: 'json' })

    const answer = await call('import', { sessionIdString: string, botStopped: true })
    const sessionId = String(answer.body['sessionId'])
    await connects(answer, sessionId)
    expect(await inState(superseded, 'superseded')).toMatchObject({ mode: 'handed_off' })
    expect(
      await rows.query(`select count(distinct person_id)::int as people from sessions where phone_number = $1`, [
        phone.phoneNumber,
      ]),
    ).toEqual([{ people: 1 }])
    await reads(sessionId, (await friend.send(phone, 'after')).id)
    await reads(sessionId, (await (await newPhone()).send(phone, 'hello')).id)
    await speaks(phone)
    // what is here already is not made a second time
    const again = await call('import', { sessionIdString: string, botStopped: true })
    const detail = 'This session runs on this gateway already.'
    expect(again).toMatchObject({ status: 409, body: { code: 'session_state', detail } })
    expect(again.body['detail']).toContain('runs on this gateway already')
    // the earlier device is still on the account: its session comes back, and the newer one gives way
    await connects(await call('import', { sessionIdString: earlier, botStopped: true }), superseded)
    expect(await inState(sessionId, 'superseded')).toMatchObject({ reason: 'linked_again' })
    expect(await rows.query(`select 1 from session_leases where session_id = $1 and wanted`, [sessionId])).toEqual([])
    await expect.poll(async () => (await phone.devices()).filter(({ online }) => online)).toHaveLength(1)
    await speaks(phone)
    await gateway.simulator.assertClean()
  })

  test('a session that was handed off here is taken back by its string', async () => {
    const phone = await newPhone()
    const { sessionId, string, visitor } = await handOff(phone)
    expect((await visitor.view(sessionId)).can).toBeUndefined()
    await connects(await call('import', { sessionIdString: ` ${string}\n`, botStopped: true }), sessionId)
    expect((await visitor.view(sessionId)).can).toEqual(['resend', 'revoke'])
    await speaks(phone)
  })

  test('what cannot be read is refused with the reason, and nothing of it is told', async () => {
    const { string } = await handOff(await newPhone())
    for (const broken of [
      string.slice(0, -1),
      string.replace('WHIZLITE_', 'OTHER_'),
      'WHIZLITE_{"noiseKey":1}',
      'hello',
    ]) {
      const { status, body } = await call('import', { sessionIdString: broken, botStopped: true })
      expect(status).toBe(400)
      expect(body['code']).toBe('session_id_unreadable')
      expect(body['detail']).toMatch(/session ID/)
      expect(JSON.stringify(body)).not.toContain(broken.slice(10, 30) || broken)
    }
    expect(gateway.logLines.join('\n')).not.toContain(string.slice(20, 60))
  })

  test('only for somebody known', async () => {
    const { sessionId, string } = await handOff(await newPhone())
    for (const path of ['import', `${sessionId}/take-back`]) {
      const body = { sessionIdString: string, botStopped: true }
      const asked = await gateway.visitor().request('POST', `/api/v1/sessions/${path}`, body)
      expect(asked).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    }
    for (const id of ['00000000-0000-4000-8000-000000000000', 'x'])
      expect(await takeBack(id)).toMatchObject({ status: 404, body: { code: 'session_not_found' } })
  })
})
