import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from '../src/simulator/index.js'
import { MemberLine } from './support/member-line.js'
import { Operator } from './support/operator.js'
import { PeopleRig } from './support/people-rig.js'
import type { Person } from './support/person.js'
import { pictureOf } from './support/picture-of.js'
import { find, sought, type Sought } from './support/secret-search.js'

/** Everything that people and programs do, at the lowest level of the log, and then a search of it for all that must not be there. */

const mark = randomBytes(12).toString('hex')
const ownersNumber = '254733000001'
const strangersNumber = '254733000002'
const askedNumber = '254733000003'
const planted = `planted-${mark}`

let rig: PeopleRig
const secrets: Sought[] = []
/** `method path` of every route that was asked. */
const asked = new Set<string>()
const statuses: number[] = []

const keep = (name: string, value: unknown): string => {
  const text = String(value)
  if (value === undefined || text === '') throw new Error(`there is no ${name}`)
  secrets.push(sought(name, text))
  return text
}

beforeAll(async () => {
  // whoever tries every route asks often, and guesses
  const plenty = '1000000'
  rig = await PeopleRig.open({ env: { API_REQUESTS_PER_ADDRESS: '10000', API_REQUEST_BURST: plenty } })
  await signingIn()
  await keys()
  const phone = await linking()
  await messages(phone)
  await live()
  await privacy()
  await everyRoute()
  keep('the planted text', planted)
}, 180_000)

afterAll(() => rig[Symbol.asyncDispose]())

const keepTokens = (person: Person): void => {
  keep('an access token', person.accessToken)
  keep('the signature of one', person.accessToken.split('.')[2])
  keep('a refresh token', person.refreshToken)
}

async function signingIn(): Promise<void> {
  const { owner, service } = rig
  keep('the service token', service.token)
  keep('the owner’s e-mail', owner.email)
  keep('the owner’s password', owner.password)
  keepTokens(owner)
  const invitation = keep('an invitation', await rig.invitation('admin'))
  const guest = rig.stranger(`guest-${mark}@example.com`)
  keep('a guest’s e-mail', guest.email)
  keep('a guest’s password', guest.password)
  await guest.accept(invitation, { name: `Name ${planted}` })
  keepTokens(guest)
  const wrong = keep('a wrong password', `wrong ${mark} horse`)
  await guest.ask('POST', '/api/v1/auth/sign-in', { email: guest.email, password: wrong })
  await guest.refresh()
  keepTokens(guest)
  const begun = await guest.asks('POST', '/api/v1/auth/totp/begin', { password: guest.password })
  const secret = keep('the secret of a second factor', begun.body['secret'])
  const code = (steps: number) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })
  const confirmed = await guest.asks('POST', '/api/v1/auth/totp/confirm', { code: code(-1) })
  expect(confirmed.status).toBe(200)
  guest.keep(confirmed)
  const [recovery = ''] = (confirmed.body['recoveryCodes'] as string[]).map(word => keep('a recovery code', word))
  await guest.signIn({ code: recovery })
  keepTokens(guest)
  const inCookie = await guest.ask('POST', '/api/v1/auth/sign-in', {
    email: guest.email,
    password: guest.password,
    code: code(0),
  })
  keep('a refresh cookie', inCookie.headers.getSetCookie()[0]?.split(/[=;]/)[1])
  const fresh = keep('a new password', `a fresh ${mark} one`)
  const changed = await guest.asks('POST', '/api/v1/auth/password', { old: guest.password, new: fresh })
  expect(changed.status).toBe(200)
}

async function keys(): Promise<void> {
  const body = { name: `Key ${planted}`, scopes: ['read', 'sessions'] }
  const made = await rig.owner.asks('POST', '/api/v1/api-keys', body)
  const key = keep('an API key', made.body['key'])
  keep('the secret of an API key', key.split('_')[3])
  expect((await new Operator(rig.gateway.url, key).ask('GET', '/api/v1/sessions')).status).toBe(200)
  const rotated = await rig.owner.asks('POST', `/api/v1/api-keys/${String(made.body['id'])}/rotate`, {})
  keep('a rotated API key', rotated.body['key'])
  for (const wrong of [`${key.slice(0, -1)}0`, `whiz_live_${mark}`, `${rig.owner.accessToken}x`])
    await new Operator(rig.gateway.url, wrong).ask('GET', '/api/v1/sessions')
}

async function linking(): Promise<Phone> {
  const { gateway, service, rows } = rig
  const phone = await gateway.simulator.phone(ownersNumber, { name: `Owner ${mark}` })
  keep('the owner’s number', ownersNumber)
  keep('the name of the account', `Owner ${mark}`)
  const begun = await service.ask('POST', '/api/v1/sessions', { name: `Session ${planted}`, deliverSessionId: true })
  const { qrCode } = begun.body['link'] as { qrCode: string }
  keep('a piece of the QR’s picture', qrCode.slice(200, 400))
  await phone.scanPicture(pictureOf(qrCode))
  await rows.waitFor(`select from link_attempts where phase = 'complete'`, [], 60_000)
  const { text } = await phone.waitForMessage({ fromMe: true })
  for (const start of [9, 300, 600]) keep(`the session ID from ${start}`, text?.slice(start, start + 60))
  const visitor = gateway.visitor()
  const { pairingCode } = await visitor.startByCode(askedNumber)
  expect(pairingCode).toMatch(/\w{4}-?\w{4}/)
  keep('a number that was typed', askedNumber)
  keep('a visitor’s cookie', visitor.cookie?.split('=')[1])
  const imported = { sessionIdString: `${text ?? ''}x`, botStopped: true }
  await service.ask('POST', '/api/v1/sessions/import', imported)
  for (const command of ['disconnect', 'connect']) await service.command(String(begun.body['sessionId']), command)
  await phone.waitForDevice('online')
  return phone
}

async function messages(phone: Phone): Promise<void> {
  const stranger = await rig.gateway.simulator.phone(strangersNumber, { name: `Stranger ${mark}` })
  keep('a stranger’s number', strangersNumber)
  keep('a stranger’s name', `Stranger ${mark}`)
  const { id } = await stranger.send(phone, keep('a message', `my order number is ${mark} please`))
  const { deviceId } = await phone.waitForDevice('online')
  await rig.gateway.simulator.waitForStanza({
    direction: 'in',
    tag: 'receipt',
    id,
    account: phone.phoneNumber,
    device: deviceId,
  })
}

async function live(): Promise<void> {
  const { service } = rig
  const { ticket } = (await service.ask('POST', '/api/v1/ws-tickets', {})).body
  const line = new MemberLine(service.url, { query: `?token=${keep('a ticket', ticket)}` })
  expect(await line.status).toBe(101)
  line.socket.close()
  await line.closed
  const token = new MemberLine(service.url, { query: `?token=${rig.owner.accessToken}` })
  expect(await token.status).toBe(401)
}

async function privacy(): Promise<void> {
  const { service, rows } = rig
  const headers = { authorization: `Bearer ${service.token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ contact: `${strangersNumber}@s.whatsapp.net` })
  await (await fetch(`${service.url}/api/v1/privacy/export`, { method: 'POST', headers, body })).text()
  const { body: erasure } = await service.ask('POST', '/api/v1/privacy/erasures', { contact: strangersNumber })
  await rows.waitFor('select from erasures where id = $1 and done_at is not null', [erasure['id']])
}

/** As nobody, as the owner and as a service, with the planted text wherever a request has room for it. */
async function everyRoute(): Promise<void> {
  const { owner, service } = rig
  const { body } = await service.ask('GET', '/openapi.json')
  for (const [path, methods] of Object.entries(body['paths'] as Record<string, Record<string, unknown>>)) {
    for (const method of Object.keys(methods).map(name => name.toUpperCase())) {
      asked.add(`${method} ${path}`)
      const url = `${path.replaceAll(/\{\w+\}/g, planted)}?token=${planted}&q=${askedNumber}`
      const given = method === 'GET' ? undefined : { [planted]: planted, password: planted, phoneNumber: planted }
      for (const authorization of [
        undefined,
        `Bearer ${planted}`,
        `Bearer ${owner.accessToken}`,
        `Bearer ${service.token}`,
      ])
        statuses.push(
          (
            await owner.ask(method, url, given, {
              cookie: `whiz_refresh=${planted}; whiz_link=${planted}`,
              'user-agent': planted,
              'idempotency-key': planted,
              ...(authorization !== undefined && { authorization }),
            })
          ).status,
        )
    }
  }
}

const log = () => rig.gateway.logLines.join('')

describe('the log', () => {
  test('was written, at the lowest level, by all parts that had something to say', () => {
    expect(statuses.filter(status => status < 200 || status >= 500 || status === 429)).toEqual([])
    for (const event of ['session_linked', 'session_command', 'erased']) expect(log()).toContain(`"event":"${event}"`)
    expect(asked.size).toBeGreaterThan(40)
  })

  test('the search finds what stands there', () => {
    const [line = ''] = rig.gateway.logLines
    expect(find([sought('a line', line.slice(0, 40))], log())).toContain('a line as raw')
  })

  test('has none of all the secrets, numbers, names, words and tokens', () => {
    expect(secrets.length).toBeGreaterThan(35)
    expect(find(secrets, log())).toEqual([])
    expect(log()).not.toMatch(
      /privKey|rootKey|noiseKey|advSecret|keyData|@s\.whatsapp\.net|@lid|whiz_live_|whiz_invite_|eyJ/,
    )
  })
})

test('the audit log has none of them either', async () => {
  const entries = await rig.rows.query<{ entry: unknown }>('select entry from audit_log')
  expect(entries.length).toBeGreaterThan(8)
  expect(find(secrets, JSON.stringify(entries))).toEqual([])
})
