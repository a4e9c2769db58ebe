import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { codeLifetimeMs } from '../src/backend/engine/baileys/pairing-code.js'
import type { LinkReason } from '../src/backend/linking/link-reasons.js'
import type { LinkMethod } from '../src/contract/linking.js'
import { linkingPage } from './support/linking-page.js'
import { LinkingScene, type End, type Fault, type Waits } from './support/linking-scene.js'
import { SecondNode } from './support/second-node.js'
import type { Visitor } from './support/visitor.js'

let scene: LinkingScene

beforeAll(async () => {
  scene = await LinkingScene.open()
})

afterAll(() => scene[Symbol.asyncDispose]())

beforeEach(() => scene.enter())

afterEach(async () => {
  await scene.clear()
  scene.expectSoundPage()
})

const later = 'Try again in …'
const byQr = 'Use a QR code instead'
const checkNumber = 'Check the number'
const notBegun = (reason: LinkReason, ...ways: string[]): End => [
  'Linking could not begin',
  reason,
  later,
  [...ways, 'Get help'],
]
const blocked = (reason: LinkReason, ...ways: string[]): End => [
  'Linking could not begin',
  reason,
  'Get help',
  [later, ...ways],
]
const unreachable = (...ways: string[]): End => [
  'No connection to WhatsApp',
  'whatsapp_unreachable',
  later,
  [...ways, 'Get help'],
]
const away = unreachable()
const noCode = (reason: LinkReason): End => ['No code from WhatsApp', reason, byQr, [later, checkNumber, 'Get help']]

describe('before there is anything to show', () => {
  const status = (code: number, more = {}): Fault => ['upgrade-status', { status: code, ...more }]
  const table: [what: string, LinkMethod, Fault, End, Waits?][] = [
    ['200 on the upgrade', 'qr', status(200), blocked('whatsapp_intercepted')],
    ['302 on the upgrade', 'qr', status(302, { location: 'http://127.0.0.1:9/' }), blocked('whatsapp_intercepted')],
    ['401 on the upgrade', 'qr', status(401), blocked('whatsapp_intercepted')],
    ['403 on the upgrade', 'code', status(403), blocked('whatsapp_intercepted', byQr, checkNumber)],
    ['405 on the upgrade', 'qr', status(405), blocked('whatsapp_intercepted')],
    ['429 on the upgrade', 'qr', status(429, { retryAfter: 600 }), notBegun('whatsapp_busy')],
    ['503 on the upgrade', 'code', status(503), notBegun('whatsapp_busy', byQr, checkNumber)],
    ['a reset connection', 'code', ['upgrade-reset'], unreachable(byQr, checkNumber)],
    ['silence', 'qr', ['upgrade-silence'], away, [[25_000, 500]]],
    ['405 at registration', 'qr', ['fail-registration', { reason: 405 }], blocked('engine_outdated')],
    ['409 at registration', 'qr', ['fail-registration', { reason: 409 }], blocked('server_not_accepted')],
    ['a line cut at registration', 'qr', ['drop', { at: 'registration' }], away],
    ['400 to the request for a code', 'code', ['code-answer', { code: 400 }], noCode('code_refused')],
    ['429 to the request for a code', 'code', ['code-answer', { code: 429 }], noCode('code_rate_limited')],
    ['no answer to it', 'code', ['code-answer', { silent: true }], noCode('code_unanswered'), [[3_000, 500]]],
  ]
  test.each(table)('%s, by %s', async (_what, method, [name, params], end, lengths = []) => {
    scene.shorten(lengths)
    await scene.simulator.fault(name, params)
    await scene.person.ask(method)
    await scene.expectEnd(end)
    await scene.expectWayOn(method, end)
  })

  test('a refused connection', async () => {
    scene.line.cut()
    await scene.person.ask('qr')
    await scene.expectEnd(away)
    await scene.expectWayOn('qr', away)
  })

  test('a name that nobody can resolve', async () => {
    const { whatsapp } = scene.gateway.config
    await using node = await SecondNode.start(scene.gateway, {
      pages: linkingPage(),
      config: { whatsapp: { ...whatsapp, url: 'ws://whatsapp.invalid/ws/chat' } },
    })
    await scene.enter(node.url)
    await scene.person.ask('qr')
    await scene.expectEnd(away)
  })
})

const again = 'Start again'
const expired = (reason: LinkReason): End => ['This attempt has expired', reason, again]
const broke: End = ['The connection broke', 'connection_lost_early', again]
const unfinished: End = ['The login was not finished', 'login_unfinished', again]
const account = (reason: LinkReason): End => ['WhatsApp refused the account', reason, again]
const passkey = (other: string): End => ['WhatsApp asks for a passkey', 'passkey_required', again, [other]]
const notFinished: End = ['The link was not finished', 'pairing_unfinished', again, [byQr]]
const notAccepted: End = ['WhatsApp refused', 'server_not_accepted_late', 'Get help', [again]]

describe('once there is something to show', () => {
  const nobody = (): Promise<void> => Promise.resolve()
  const agrees = async (method: LinkMethod): Promise<void> => scene.person.agrees(method).catch(() => {})
  const wrongCode = async (): Promise<void> => {
    await scene.person.reads('code')
    await expect(scene.phone.enterCode('ZZZZ-ZZZZ')).rejects.toMatchObject({ code: 'code_wrong' })
  }
  const noRoom = async (method: LinkMethod): Promise<void> => {
    await scene.simulator.fault('device-limit', { max: 0, phone: scene.phone.phoneNumber })
    await expect(scene.person.agrees(method)).rejects.toMatchObject({ code: 'too_many_devices' })
  }
  const otherPhone = async (): Promise<void> => {
    const other = await scene.anotherPhone()
    await other.enterCode(await scene.person.reads('code'), { of: scene.phone.phoneNumber })
    await expect.poll(() => other.devices()).toEqual([])
  }
  const cutLine = async (method: LinkMethod): Promise<void> => {
    await scene.person.reads(method)
    await scene.simulator.fault('drop', { at: 'registering' })
  }
  const cutBeforeReply = async (method: LinkMethod): Promise<void> => {
    const reply = await scene.simulator.hold({ direction: 'in', tag: 'iq', child: 'pair-device-sign' })
    await agrees(method)
    await reply.reached
    scene.line.reset()
    await reply.drop()
  }
  const tooOld = (): Promise<void> => scene.simulator.fault('downgrade', { at: 'registering' })
  const login = (reason: number, more = {}): Fault => ['fail-next-login', { reason, ...more }]
  const soon: Waits = [[120_000, 4_000]]
  const table: [what: string, LinkMethod, does: (method: LinkMethod) => Promise<void>, End, (Fault | null)?, Waits?][] =
    [
      ['nobody scans it', 'qr', nobody, expired('qr_expired'), null, [[120_000, 1_500]]],
      ['nobody types it', 'code', nobody, expired('code_expired'), null, [[codeLifetimeMs, 1_500]]],
      ['a phone without a free place', 'qr', noRoom, expired('qr_expired'), null, soon],
      ['a phone without a free place', 'code', noRoom, expired('code_expired'), null, [[codeLifetimeMs, 4_000]]],
      ['a wrong code and nothing more', 'code', wrongCode, notFinished, null, [[60_000, 500]]],
      ['another number', 'code', otherPhone, ['This was another number', 'wrong_number', 'Check the number']],
      ['a line cut while waiting', 'qr', cutLine, broke],
      ['a phone that is too old', 'qr', tooOld, ['WhatsApp on the phone is too old', 'phone_outdated', again]],
      ['no pair-success', 'qr', agrees, expired('qr_expired'), ['withhold-pair-success'], soon],
      ['no pair-success', 'code', agrees, notFinished, ['withhold-pair-success'], [[60_000, 500]]],
      ['a line cut before pair-success', 'qr', agrees, broke, ['drop', { at: 'scan' }]],
      ['a line cut before pair-success', 'code', agrees, broke, ['drop', { at: 'scan' }]],
      ['a line cut before the reply to it', 'qr', cutBeforeReply, unfinished, null, [[2_000, 50]]],
      ['a line cut before the reply to it', 'code', cutBeforeReply, unfinished, null, [[2_000, 50]]],
      ['a passkey', 'qr', agrees, passkey('Use a pairing code instead'), ['passkey-request']],
      ['a passkey', 'code', agrees, passkey(byQr), ['passkey-request']],
      ['405 at login', 'qr', agrees, notAccepted, login(405)],
      ['406 at login', 'qr', agrees, account('account_banned'), login(406)],
      ['403 at login', 'qr', agrees, account('account_locked'), login(403)],
      ['402 at login', 'code', agrees, account('account_restricted'), login(402, { code: 101, expire: 3600 })],
      ['401 at login', 'qr', agrees, unfinished, login(401)],
      ['no login', 'qr', agrees, unfinished, ['withhold-restart'], [[60_000, 1_500]]],
    ]
  test.each(table)('%s, by %s', async (_what, method, does, end, fault = null, lengths = []) => {
    scene.shorten(lengths)
    if (fault !== null) await scene.simulator.fault(...fault)
    await scene.person.ask(method)
    await scene.person.sees(method)
    await does(method)
    await scene.expectEnd(end)
    await scene.expectWayOn(method, end)
  })
})

describe('what ends well all the same', () => {
  test('a wrong code, then the right one', async () => {
    await scene.person.ask('code')
    await scene.person.sees('code')
    await expect(scene.phone.enterCode('ZZZZ-ZZZZ')).rejects.toMatchObject({ code: 'code_wrong' })
    await scene.person.tab.page.getByText('If it says that the code is wrong, type the code again.').waitFor()
    await scene.person.agrees('code')
    await scene.expectLinked()
  })

  test('a QR that two phones scan links one of them', async () => {
    const other = await scene.anotherPhone()
    await scene.person.ask('qr')
    const qr = await scene.person.reads('qr')
    const scans = await Promise.allSettled([scene.phone.scan(qr), other.scan(qr)])
    expect(scans.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const [linked, left] = scans[0].status === 'fulfilled' ? [scene.phone, other] : [other, scene.phone]
    await scene.expectLinked(linked)
    expect(await left.devices()).toEqual([])
    expect(await left.messages(left.jid)).toEqual([])
  })

  test.each<LinkMethod>(['qr', 'code'])('a line cut after the reply to pair-success, by %s', async method => {
    scene.shorten([[2_000, 50]])
    await scene.simulator.fault('drop', { at: 'confirmed' })
    await scene.person.ask(method)
    await scene.person.agrees(method)
    await scene.expectLinked()
  })

  test('a QR whose secret WhatsApp retires at the scan: the page draws another by itself', async () => {
    await scene.simulator.fault('rotate-registration', { phone: scene.phone.phoneNumber })
    await scene.person.ask('qr')
    const picture = await scene.person.tab.qrOnShow()
    await expect(scene.person.agrees('qr')).rejects.toMatchObject({ code: 'qr_rotated' })
    await expect.poll(() => scene.person.tab.qrOnShow()).not.toBe(picture)
    await scene.person.agrees('qr')
    await scene.expectLinked()
  })
})

describe('where there is no room', () => {
  /** A node with one place and one in the queue, and whoever takes them. */
  async function crowded(): Promise<{ node: SecondNode; taken: Visitor }> {
    const { limits } = scene.gateway.config
    const config = { limits: { ...limits, perNode: 1, active: 1, queued: 1 } }
    const node = await SecondNode.start(scene.gateway, { pages: linkingPage(), config })
    const taken = node.visitor(null)
    await taken.start()
    return { node, taken }
  }
  const leave = async (visitor: Visitor): Promise<void> => {
    const { sessionId } = await visitor.view()
    await visitor.request('DELETE', `/api/sessions/${sessionId}`)
  }

  test('a queue: the page says the place, and shows the QR by itself when it is free', async () => {
    const { node, taken } = await crowded()
    await using _ = node
    await scene.enter(node.url)
    await scene.person.ask('qr')
    await scene.person.tab.shows('Waiting for a free place')
    await scene.person.tab.page.getByText('You are next.').waitFor()
    await leave(taken)
    await scene.person.agrees('qr')
    await scene.expectLinked()
  })

  test('a full queue: nothing is begun, and later it works', async () => {
    const { node, taken } = await crowded()
    await using _ = node
    const waiting = node.visitor(null)
    expect((await waiting.request('POST', '/api/sessions/start', {})).body).toMatchObject({ queuePosition: 1 })
    await scene.enter(node.url)
    await scene.person.ask('qr')
    const why = { message: 'Too many people are linking at this moment.', action: 'Try again in a minute.' }
    const full: End = ['Every place is taken', why, later, ['Get help']]
    await scene.expectSaid(full)
    await leave(waiting)
    await leave(taken)
    await scene.expectWayOn('qr', full)
  })

  test('too many attempts from one address: nothing is begun', async () => {
    const from = { 'x-forwarded-for': scene.person.address }
    const others = [1, 2, 3].map(() => scene.gateway.visitor())
    for (const other of others) await other.request('POST', '/api/sessions/start', {}, from)
    await scene.person.ask('qr')
    const why = { message: 'There were too many attempts.', action: 'Wait a while, then try again.' }
    await scene.expectSaid(['Too many attempts', why, later, ['Get help']])
    for (const other of others) await leave(other)
    await scene.expectNoTrace()
  })
})

test.each<LinkMethod>(['qr', 'code'])('a server that is restarted meanwhile, by %s', async method => {
  const { gateway, person } = scene
  await person.ask(method)
  await person.reads(method)
  gateway.env['PORT'] = new URL(gateway.url).port
  await gateway.stopApp()
  await gateway.startApp()
  const lost: End = ['The server lost your link', 'node_lost', again]
  await scene.expectEnd(lost)
  await scene.expectWayOn(method, lost)
})
