import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { MessageId } from '../src/contract/ids.js'
import { enqueueMessage } from '../src/backend/outbox/outbox-store.js'
import type { SessionIdentity } from '../src/backend/sessions/session-identity.js'
import { SessionRig } from './support/session-rig.js'

let rig: SessionRig

beforeAll(async () => {
  rig = await SessionRig.start()
  rig.hooks({ onOpen: async session => void (await session.drainOutbox(session.signal)) })
})

afterEach(async () => {
  await rig.simulator.fault('clear-faults')
})

afterAll(() => rig[Symbol.asyncDispose]())

type Row = { state: string; error_code: string | null; rejections: number }

async function outbox({ sessionId }: SessionIdentity): Promise<Row[]> {
  return rig.rows.query<Row>(
    'select state, error_code, rejections from outbox_messages where session_id = $1 order by position',
    [sessionId],
  )
}

/** Three messages to the own chat that wait in the outbox. @returns their WhatsApp ids */
async function write(identity: SessionIdentity, phoneNumber: string): Promise<string[]> {
  const { tenants, engine } = rig.rig
  const texts = ['one', 'two', 'three']
  const built = texts.map(text => engine.buildText({ phoneNumber, to: `${phoneNumber}@s.whatsapp.net`, text }))
  await tenants.transact(identity, async tx => {
    const ids: MessageId[] = []
    for (const message of built)
      ids.push(await enqueueMessage(tx, identity.sealer, identity.sessionId, { kind: 'notice', built: message }))
  })
  return built.map(({ waMessageId }) => waMessageId)
}

test('a message over which WhatsApp ends the line twice is given up, and the others go on', async () => {
  const { identity, phone } = await rig.linked()
  const [, poison = ''] = await write(identity, phone.phoneNumber)
  rig.forget()
  await rig.simulator.fault('reject-stanza', { phone: phone.phoneNumber, device: 1, id: poison, times: 10 })
  rig.sessions.resume(identity)
  await expect
    .poll(() => outbox(identity), { timeout: 30_000 })
    .toEqual([
      { state: 'sent', error_code: null, rejections: 0 },
      { state: 'failed', error_code: 'protocol_rejected', rejections: 2 },
      { state: 'sent', error_code: null, rejections: 0 },
    ])
  expect(rig.connections).toHaveLength(3)
  expect(rig.told('message_given_up')).toBe(1)
  expect((await phone.messages(phone.jid)).map(({ text }) => text)).toEqual(['one', 'three'])
})

test('once is an accident: the same message goes out on the next connection', async () => {
  const { identity, phone } = await rig.linked()
  const [first = ''] = await write(identity, phone.phoneNumber)
  rig.forget()
  await rig.simulator.fault('reject-stanza', { phone: phone.phoneNumber, device: 1, id: first, times: 1 })
  rig.sessions.resume(identity)
  await expect
    .poll(() => outbox(identity), { timeout: 30_000 })
    .toMatchObject([{ state: 'sent', rejections: 1 }, { state: 'sent' }, { state: 'sent' }])
  expect(rig.connections).toHaveLength(2)
})

test('a stanza that is not well-formed is told by the message without a verdict', async () => {
  const { identity, phone } = await rig.linked()
  const [, poison = ''] = await write(identity, phone.phoneNumber)
  rig.forget()
  const device = { phone: phone.phoneNumber, device: 1 }
  const held = { direction: 'in', tag: 'message', id: poison } as const
  let stopped = await rig.simulator.hold(held)
  rig.sessions.resume(identity)
  for (let nth = 1; nth <= 2; nth++) {
    await stopped.reached
    await rig.simulator.fault('stream-error', { ...device, child: 'xml-not-well-formed' })
    await stopped.drop()
    if (nth === 1) stopped = await rig.simulator.hold(held)
  }
  await expect
    .poll(() => outbox(identity), { timeout: 30_000 })
    .toMatchObject([{ state: 'sent' }, { state: 'failed', error_code: 'protocol_rejected' }, { state: 'sent' }])
})
