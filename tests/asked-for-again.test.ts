import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { enqueueMessage } from '../src/backend/outbox/outbox-store.js'
import type { SessionIdentity } from '../src/backend/sessions/session-identity.js'
import type { Phone } from '../src/simulator/index.js'
import { linkClient, RawClient } from '../src/simulator/raw-client.fixture.js'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig
let identity: SessionIdentity
let phone: Phone
/** The account's other companions, on unmodified Baileys: five devices with the phone and the session. */
let companions: RawClient[] = []

beforeAll(async () => {
  rig = await SessionRig.start()
  rig.hooks({ onOpen: async session => void (await session.drainOutbox(session.signal)) })
})

afterAll(() => rig[Symbol.asyncDispose]())

beforeEach(async () => {
  for (const companion of companions) await companion.close()
  companions = []
  ;({ identity, phone } = await rig.linked())
})

const linkCompanion = async () => {
  const companion = await linkClient(rig.simulator, phone)
  companions.push(companion)
  return companion
}

/** As after a restart: what was sent is known from the outbox alone. */
async function restart(): Promise<void> {
  await rig.sessions.rest(identity.sessionId)
  rig.sessions.resume(identity)
  await rig.becomes(identity, ['connected', null])
  await expect.poll(() => phone.devices()).toContainEqual(expect.objectContaining({ deviceId: 1, online: true }))
}

/** A note to the own chat by way of the outbox. @returns its WhatsApp id */
async function note(text: string): Promise<string> {
  const { tenants, engine } = rig.rig
  const built = engine.buildText({ phoneNumber: phone.phoneNumber, to: phone.jid, text })
  await tenants.transact(identity, async tx => {
    await enqueueMessage(tx, identity.sealer, identity.sessionId, { kind: 'notice', built })
  })
  await restart()
  await rig.rows.waitFor(
    `select from outbox_messages where session_id = $1 and wa_message_id = $2 and state = 'sent'`,
    [identity.sessionId, built.waMessageId],
  )
  return built.waMessageId
}

const now = async () => (await rig.simulator.ledger()).at(-1)?.seq ?? 0

/** How often the session has sent this since. */
async function sent(id: string, since: number): Promise<number> {
  await phone.waitForQuiet()
  const said = await rig.simulator.ledger({
    direction: 'in',
    tag: 'message',
    id,
    account: phone.phoneNumber,
    device: 1,
  })
  return said.filter(({ seq }) => seq > since).length
}

/** Asks the session for a message as a device that could not read it would, and waits until it has dealt with that. */
async function ask(by: RawClient, id: string, count: number, recipient?: string): Promise<void> {
  const since = await now()
  await by.sock.sendNode({
    tag: 'receipt',
    attrs: { id, to: phone.jid.replace('@', ':1@'), type: 'retry', ...(recipient !== undefined && { recipient }) },
    content: [
      { tag: 'retry', attrs: { count: String(count), id, t: '1', v: '1', error: '0' } },
      { tag: 'registration', attrs: {}, content: Buffer.alloc(4, 7) },
    ],
  })
  const answered = { direction: 'in', tag: 'ack', id, where: { class: 'receipt', type: 'retry' } } as const
  await rig.simulator.waitForStanza({ ...answered, account: phone.phoneNumber, device: 1, since })
}

test('four other devices that cannot read a message are answered from the outbox after a restart, under the same id', async () => {
  for (let nth = 0; nth < 3; nth++) await linkCompanion()
  await note('before')
  for (const companion of companions) await companion.text('before')
  await phone.waitForMessage({ text: 'before' })
  await phone.waitForQuiet()

  await phone.goOffline()
  for (const companion of companions) await companion.close()
  const id = await note('read this')
  await rig.simulator.fault('forget-sessions', { phone: phone.phoneNumber })
  for (const { account } of companions) account.forgetSessions()
  await restart()

  const since = await now()
  await phone.goOnline()
  companions = companions.map(({ account }) => new RawClient(rig.simulator, account))
  for (const companion of companions) expect((await companion.text('read this')).key.id).toBe(id)
  expect((await phone.waitForMessage({ text: 'read this' })).id).toBe(id)
  expect((await phone.messages(phone.jid)).filter(bubble => bubble.id === id)).toHaveLength(1)
  // what the phone asks for is sent to all; each of the others is answered alone
  expect(await sent(id, since)).toBeLessThanOrEqual(8)
})

test('one device that asks over and over is answered five times at most, however often the line is lost', async () => {
  const companion = await linkCompanion()
  const id = await note('once more')
  await companion.text('once more')
  const since = await now()
  for (let count = 1; count <= 12; count++) {
    await ask(companion, id, count, phone.jid)
    if (count % 3 === 0) await restart()
  }
  const times = await sent(id, since)
  expect(times).toBeGreaterThan(0)
  expect(times).toBeLessThanOrEqual(5)
})

test('a device that was linked since is sent what it asks for, and what follows', async () => {
  await linkCompanion()
  const before = await note('before it came')
  const newcomer = await linkCompanion()
  const since = await now()
  await ask(newcomer, before, 1, phone.jid)
  expect(await sent(before, since)).toBe(1)
  await newcomer.text('before it came')
  const after = await note('since it came')
  for (const companion of companions) expect((await companion.text('since it came')).key.id).toBe(after)
})

test('nobody is sent what is not theirs: a stranger who knows the id, and a device that names another chat or another id', async () => {
  const companion = await linkCompanion()
  const stranger = await rig.rig.phone()
  const strangers = await linkClient(rig.simulator, stranger)
  try {
    const id = await note('for this account alone')
    await companion.text('for this account alone')
    await restart()
    const since = await now()
    await ask(strangers, id, 1)
    await ask(strangers, id, 2, phone.jid)
    await ask(companion, id, 1, stranger.jid)
    await ask(companion, '3EB0000000000000000000', 1, phone.jid)
    expect(await sent(id, since)).toBe(0)
    await phone.waitForQuiet()
    await stranger.waitForQuiet()
    expect(
      (await rig.simulator.ledger({ direction: 'in', tag: 'message', account: phone.phoneNumber, device: 1 })).filter(
        ({ seq }) => seq > since,
      ),
    ).toEqual([])
    expect(strangers.messages.filter(({ key }) => key.id === id)).toEqual([])
  } finally {
    await strangers.close()
  }
})
