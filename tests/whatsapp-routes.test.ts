import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Operator } from './support/operator.js'
import { PeopleRig } from './support/people-rig.js'
import type { Person } from './support/person.js'
import { pictureOf } from './support/picture-of.js'

let rig: PeopleRig
let ann: Person
let bob: Person

beforeAll(async () => {
  rig = await PeopleRig.open()
  ann = await rig.join()
  bob = await rig.join()
})

afterAll(() => rig[Symbol.asyncDispose]())

const base = '/api/whatsapp'
const status = (who: Person, sessionId: string) => who.asks('GET', `${base}/session-status/${sessionId}`)

async function keyOf(who: Person, body: object = {}): Promise<Operator> {
  const made = await who.asks('POST', '/api/v1/api-keys', { name: 'Till', scopes: ['read', 'sessions'], ...body })
  return new Operator(rig.gateway.url, String(made.body['key']))
}

async function link(who: Person, phoneNumber: string): Promise<string> {
  const phone = await rig.gateway.simulator.phone(phoneNumber)
  const { status: answered, body } = await who.asks('POST', `${base}/setup-qr`, {})
  expect({ answered, body }).toEqual({
    answered: 200,
    body: {
      sessionId: expect.any(String),
      qr: expect.stringMatching(/^data:image\/png;base64,/),
      message: 'Scan QR code with WhatsApp',
      step: 1,
      instructions: 'Open WhatsApp → Settings → Linked Devices → Scan this QR',
    },
  })
  const sessionId = String(body['sessionId'])
  expect((await status(who, sessionId)).body).toMatchObject({ status: 'connecting', state: 'linking' })
  await phone.scanPicture(pictureOf(body['qr']))
  await expect
    .poll(async () => (await status(who, sessionId)).body, { timeout: 30_000 })
    .toMatchObject({ status: 'connected' })
  await phone.waitForQuiet()
  expect(await phone.messages(phone.jid)).toEqual([])
  return sessionId
}

test('a member links, closes and connects an account of their own, which nobody else knows of', async () => {
  const sessionId = await link(ann, '254700002001')
  const list = async (who: Person) =>
    ((await who.asks('GET', `${base}/sessions`)).body as unknown as { sessionId: string }[]).map(each => each.sessionId)
  expect(await list(ann)).toContain(sessionId)
  const none = await status(bob, randomUUID())
  for (const who of [bob, rig.owner]) {
    expect(await list(who)).not.toContain(sessionId)
    expect(await status(who, sessionId)).toMatchObject({ status: 404, body: none.body })
    for (const command of ['disconnect', 'reconnect'])
      expect(await who.asks('POST', `${base}/${command}`, { sessionId })).toMatchObject({
        status: 404,
        body: none.body,
      })
    expect(await who.asks('POST', `${base}/connect`, { sessionId })).toMatchObject({
      status: 409,
      body: { code: 'session_id_taken' },
    })
  }
  expect(await ann.asks('POST', `${base}/disconnect`, { sessionId })).toMatchObject({
    status: 200,
    body: { sessionId, status: 'disconnected' },
  })
  expect(await ann.asks('POST', `${base}/connect`, { sessionId })).toMatchObject({ status: 200, body: { sessionId } })
  await expect.poll(async () => (await status(ann, sessionId)).body).toMatchObject({ status: 'connected' })
  expect(await ann.asks('POST', `${base}/reconnect`, { sessionId })).toMatchObject({ status: 200 })
  // a service that asks for her sees what she sees, and for itself what the operator does
  const asAnn = { 'x-user-id': ann.userId }
  expect(await rig.service.ask('GET', `/session-status/${sessionId}`, undefined, asAnn)).toMatchObject({ status: 200 })
  expect(await rig.service.ask('GET', `/session-status/${sessionId}`)).toMatchObject({ status: 404 })
})

test('a key of theirs reaches as far as they do, a restricted one its own session in lists too', async () => {
  const [one, other] = [await link(bob, '254700002002'), await link(bob, '254700002003')]
  const key = await keyOf(bob)
  expect((await key.ask('GET', `${base}/sessions`)).body).toHaveLength(2)
  const narrow = await keyOf(bob, { sessionIds: [one] })
  for (const path of [`${base}/sessions`, '/api/v1/sessions']) {
    const { body } = await narrow.ask('GET', path)
    const sessions = (Array.isArray(body) ? body : body['sessions']) as { sessionId: string }[]
    expect(sessions.map(({ sessionId }) => sessionId)).toEqual([one])
  }
  expect(await narrow.ask('GET', `${base}/session-status/${other}`)).toMatchObject({ status: 404 })
  expect(await narrow.ask('POST', `${base}/disconnect`, { sessionId: other })).toMatchObject({ status: 404 })
  for (const path of ['setup-qr', 'connect'])
    expect(await narrow.ask('POST', `${base}/${path}`, {})).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  const reader = await keyOf(bob, { scopes: ['read'] })
  expect(await reader.ask('POST', `${base}/disconnect`, { sessionId: one })).toMatchObject({ status: 403 })
})

describe('who asks', () => {
  const routes = [
    ['POST', 'connect', {}],
    ['POST', 'disconnect', { sessionId: randomUUID() }],
    ['POST', 'reconnect', { sessionId: randomUUID() }],
    ['POST', 'setup-qr', {}],
    ['GET', `session-status/${randomUUID()}`, undefined],
    ['GET', 'sessions', undefined],
  ] as const

  test.each(routes)('%s %s: a person or their key', async (method, path, body) => {
    const address = `${base}/${path}`
    expect(await ann.ask(method, address, body)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(await rig.service.ask(method, address, body)).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })
})
