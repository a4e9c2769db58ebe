import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import { DatabaseText } from './support/database-text.js'
import { answers, linkManaged, secretsLeft } from './support/managed-account.js'
import { Rows } from './support/rows.js'
import { find, sought } from './support/secret-search.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway
let rows: Rows
let number = 254_700_000_300

beforeAll(async () => {
  const env = {
    LINK_DEFAULT: 'managed',
    SUPPORT_URL: 'https://support.example/help',
  }
  gateway = await TestGateway.start({ env })
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const link = async (phone?: Phone) =>
  linkManaged(gateway, rows, phone ?? (await gateway.simulator.phone(String(++number), { name: 'Wanjiru' })))

const ask = (phone: Phone, text: string, addressing: 'pn' | 'lid' = 'pn') => phone.send(phone.jid, text, { addressing })

describe('in the own chat of a managed session', () => {
  test('.menu is answered with the list, once for each time it is written, by number and by LID', async () => {
    const { phone } = await link()
    await ask(phone, '.menu')
    const menu = await answers(phone, 1)
    expect(menu).toEqual([expect.stringMatching(/^╭──❍ \*ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ\*\n[^]*╰─> \*ᴘᴏᴡᴇʀᴇᴅ ʙʏ ᴡʜɪᴢ-ᴛᴇᴄʜ ©\*$/)])
    for (const command of ['.menu', '.status', '.resend', '.support', '.disconnect'])
      expect(menu[0]).toContain(`*${command}*`)
    await ask(phone, '  .MENU \n', 'lid')
    expect(await answers(phone, 2)).toEqual([menu[0], menu[0]])
  })

  test('.status tells what is connected and how to undo it, .support where help is', async () => {
    const { phone } = await link()
    await ask(phone, '.status')
    await ask(phone, '.support')
    const [status, support] = await answers(phone, 2)
    expect(status).toMatch(/Connected since \d{4}-\d\d-\d\d \d\d:\d\d UTC/)
    expect(status).toContain(`*Connected Number:* ${phone.phoneNumber}`)
    expect(status).toContain('*Device:* WHIZ LITE')
    expect(status).toContain('*.disconnect*')
    expect(support).toContain('https://support.example/help')
  })

  test('anything else, anywhere else and from anybody else is left alone', async () => {
    const { phone, sessionId } = await link()
    const friend = await gateway.simulator.phone(String(++number))
    await ask(phone, '.menu please')
    await ask(phone, 'menu')
    await phone.send(friend, '.menu')
    await friend.send(phone, '.menu')
    await phone.waitForQuiet()
    // as if the account had been linked in two seconds from now
    const linkedAt = Date.now() + 2_000
    await rows.query(`update sessions set created_at = $2 where id = $1`, [sessionId, new Date(linkedAt)])
    await ask(phone, '.menu')
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(linkedAt)
    // sessions hear in order: what is answered next shows that nothing before it was
    await ask(phone, '.status')
    expect(await answers(phone, 1)).toEqual([expect.stringContaining('Connected since')])
    expect((await phone.messages(friend.jid)).map(({ text }) => text)).toEqual(['.menu', '.menu'])
  })

  test('a message that this gateway itself has sent is no command', async () => {
    const { phone, sessionId } = await link()
    const { deviceId } = await phone.waitForDevice('online')
    const hold = await gateway.simulator.hold({
      direction: 'out',
      tag: 'message',
      account: phone.phoneNumber,
      device: deviceId,
    })
    const { id } = await ask(phone, '.menu')
    await hold.reached
    await rows.query(`update outbox_messages set wa_message_id = $2 where session_id = $1 and kind = 'notice'`, [
      sessionId,
      id,
    ])
    await hold.release()
    await ask(phone, '.status')
    expect(await answers(phone, 1)).toEqual([expect.stringContaining('Connected since')])
  })

  test('a command that is told again after a cut line is answered once', async () => {
    const { phone } = await link()
    const { deviceId } = await phone.waitForDevice('online')
    const receipt = { direction: 'in', tag: 'receipt', account: phone.phoneNumber, device: deviceId } as const
    const hold = await gateway.simulator.hold(receipt)
    await phone.send(phone.jid, '.menu')
    await hold.reached
    // WhatsApp never hears that the message came, and tells it again at the next login
    gateway.simulator.device(phone.phoneNumber, deviceId).drop()
    await hold.drop()
    await gateway.simulator.waitForStanza({ ...receipt, since: (await gateway.simulator.ledger()).at(-1)?.seq ?? 0 })
    await phone.waitForQuiet()
    expect(await answers(phone, 1)).toHaveLength(1)
    const asked = await rows.query(
      `select 1 from own_chat_commands where session_id = (select id from sessions where phone_number = $1)`,
      [phone.phoneNumber],
    )
    expect(asked).toHaveLength(1)
  })

  test('an answer that was stored and not sent goes out after a restart', async () => {
    const { phone, sessionId } = await link()
    const { deviceId } = await phone.waitForDevice('online')
    const hold = await gateway.simulator.hold({
      direction: 'in',
      tag: 'message',
      account: phone.phoneNumber,
      device: deviceId,
    })
    await phone.send(phone.jid, '.menu')
    await hold.reached
    await gateway.stopApp()
    await hold.drop()
    expect(
      await rows.query(`select 1 from outbox_messages where session_id = $1 and state = 'sent'`, [sessionId]),
    ).toHaveLength(2)
    await gateway.startApp()
    await rows.waitFor(`select 1 from outbox_messages where session_id = $1 and state = 'sent' offset 2`, [sessionId])
    await phone.waitForQuiet()
    expect(await answers(phone, 1)).toHaveLength(1)
  })

  test('.resend sends the session ID alone and a notice, three times an hour, and leaves no string behind', async () => {
    const { phone, sessionId } = await link()
    for (let i = 0; i < 3; i++) await ask(phone, '.resend')
    const sent = await answers(phone, 6)
    const pair = [
      expect.stringMatching(/^WHIZLITE_[A-Za-z0-9.-]+$/) as string,
      expect.stringContaining('NEVER share it') as string,
    ]
    expect(sent).toEqual([...pair, ...pair, ...pair])
    await ask(phone, '.resend')
    expect((await answers(phone, 7)).slice(6)).toEqual([expect.stringMatching(/again in (59|60) min/)])
    await expect.poll(() => secretsLeft(rows, sessionId)).toEqual([])
    await using text = await DatabaseText.open(gateway.database.ownerUrl)
    const pieces = sent
      .filter(each => each.startsWith('WHIZLITE_'))
      .map(each => sought('the string', each.slice(9, 89)))
    for (const { table, text: dumped } of await text.dump()) expect(find(pieces, dumped), table).toEqual([])
    expect(find(pieces, gateway.logLines.join('\n'))).toEqual([])
    const times = `select error_code from outbox_messages where session_id = $1 and kind = 'secret' and state = 'sent'`
    expect(await rows.query(times, [sessionId])).toHaveLength(4)
  })

  test('a command that cannot be stored costs nobody else theirs, and is answered at the next login of that day', async () => {
    const { phone, sessionId } = await link()
    let late = ''
    await rows.query('alter table own_chat_commands rename to away')
    try {
      await ask(phone, '.menu')
      late = (await ask(phone, '.support')).id
      await expect.poll(() => gateway.logLines.filter(line => line.includes('message_not_handled'))).toHaveLength(2)
    } finally {
      await rows.query('alter table away rename to own_chat_commands')
    }
    const [line = ''] = gateway.logLines.filter(each => each.includes('message_not_handled'))
    expect(JSON.parse(line)).toMatchObject({ event: 'message_not_handled', sessionId, code: 'database_refused' })
    expect(line).not.toContain('.menu')
    await ask(phone, '.status')
    expect(await answers(phone, 1)).toEqual([expect.stringContaining('Connected since')])
    await rows.query(`update sessions set created_at = created_at - interval '3 days' where id = $1`, [sessionId])
    await rows.query(
      `update inbound_journal set stanza = jsonb_set(stanza, '{timestamp}', to_jsonb((stanza->>'timestamp')::int - 90000))
       where session_id = $1 and stanza->>'id' = $2`,
      [sessionId, late],
    )
    const { deviceId } = await phone.waitForDevice('online')
    gateway.simulator.device(phone.phoneNumber, deviceId).drop()
    expect((await answers(phone, 2))[1]).toContain('ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ')
    await ask(phone, '.status')
    expect(await answers(phone, 3)).toHaveLength(3)
  })

  test('a command that came while the database was away is answered as soon as it is back, on the same line', async () => {
    const { phone } = await link()
    const { deviceId } = await phone.waitForDevice('online')
    const stored = gateway.logLines.length
    await using lock = new Rows(gateway.database.ownerUrl)
    await lock.query('begin')
    await lock.query('lock table own_chat_commands in access exclusive mode')
    await ask(phone, '.menu')
    // the database hangs up on whoever wants to store the answer
    const hangUp = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%own_chat_commands%'`
    const failed = () => gateway.logLines.slice(stored).some(line => line.includes('message_not_handled'))
    await expect.poll(async () => [await rows.query(hangUp), failed()][1], { timeout: 10_000 }).toBe(true)
    await lock.query('rollback')
    expect(await answers(phone, 1)).toEqual([expect.stringContaining('ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ')])
    expect((await phone.waitForDevice('online')).deviceId).toBe(deviceId)
    const logins = { direction: 'out', tag: 'success', account: phone.phoneNumber, device: deviceId } as const
    expect(await gateway.simulator.ledger(logins)).toHaveLength(1)
  })

  test('many commands are answered thirty times an hour, then one says so, then only .disconnect is heard', async () => {
    const { phone, sessionId } = await link()
    const warnings: Error[] = []
    const onWarning = (warning: Error) => void warnings.push(warning)
    process.on('warning', onWarning)
    for (let i = 0; i < 35; i++) await ask(phone, '.menu')
    await rows.waitFor(`select 1 from own_chat_commands where session_id = $1 offset 34`, [sessionId])
    const said = await answers(phone, 31)
    expect(said.filter(text => text.includes('ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ'))).toHaveLength(30)
    expect(said.slice(30)).toEqual([expect.stringContaining('very many commands')])
    process.off('warning', onWarning)
    // such as one of listeners that each message sent would leave behind
    expect(warnings).toEqual([])
    const hourLater = `update own_chat_commands set created_at = created_at - interval '1 hour' where session_id = $1`
    await rows.query(hourLater, [sessionId])
    await ask(phone, '.menu')
    expect((await answers(phone, 32)).slice(31)).toEqual([expect.stringContaining('ᴡʜɪᴢ ʟɪᴛᴇ ᴍᴇɴᴜ')])
    await rows.query(`update own_chat_commands set created_at = clock_timestamp() where session_id = $1`, [sessionId])
    await ask(phone, '.disconnect')
    await rows.waitFor(`select 1 from sessions where id = $1 and state = 'logged_out'`, [sessionId])
    expect(await answers(phone, 33)).toHaveLength(33)
  })

  test('.disconnect says goodbye and takes the device off the account', async () => {
    const { phone, sessionId } = await link()
    await phone.send(phone.jid, '.disconnect')
    await rows.waitFor(`select 1 from sessions where id = $1 and state = 'logged_out' and reason = 'revoked'`, [
      sessionId,
    ])
    await phone.waitForQuiet()
    expect(await answers(phone, 1)).toEqual([expect.stringContaining(phone.phoneNumber)])
    expect(await phone.devices()).toEqual([])
    expect(await rows.query(`select 1 from session_leases where session_id = $1 and wanted`, [sessionId])).toEqual([])
  })

  test('of two sessions of one account only the newer answers', async () => {
    const { phone, sessionId: older } = await link()
    const { sessionId } = await link(phone)
    const before = (await phone.messages(phone.jid)).length
    await ask(phone, '.menu')
    await ask(phone, '.status')
    await expect.poll(async () => (await phone.messages(phone.jid)).length).toBe(before + 4)
    await phone.waitForQuiet()
    expect((await phone.messages(phone.jid)).slice(before)).toHaveLength(4)
    const claimed = await rows.query(`select session_id from own_chat_commands where session_id = any($1)`, [
      [older, sessionId],
    ])
    expect(claimed).toEqual([{ session_id: sessionId }, { session_id: sessionId }])
    const kept = await rows.query(`select 1 from session_credentials where session_id = $1`, [older])
    expect(kept).toHaveLength(1)
    expect(await phone.devices()).toHaveLength(2)
  })
})
