import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Rows } from './support/rows.js'
import { SecondNode } from './support/second-node.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway
let node: SecondNode
let rows: Rows
let number = 254_712_500_000

beforeAll(async () => {
  gateway = await TestGateway.start()
  node = await SecondNode.start(gateway)
  rows = new Rows(gateway.database.ownerUrl)
})

afterAll(async () => {
  await rows[Symbol.asyncDispose]()
  await node[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
})

const phaseOf = (sessionId: string) =>
  rows.query<{ phase: string; reason: string | null }>(
    `select phase, reason from link_attempts where session_id = $1`,
    [sessionId],
  )

describe('a second tab that reaches another node', () => {
  test('joins by QR, and sees the link through', async () => {
    const visitor = gateway.visitor()
    const phone = await gateway.simulator.phone(String(++number))
    const first = await visitor.start()
    const tab = node.visitor(visitor.cookie)
    expect(await tab.start()).toEqual(first)
    const events = tab.listen()
    await phone.scanPicture(Buffer.from(first.qrCode.split(',')[1] ?? '', 'base64'))
    await events.waitForEvent('complete')
    expect(await tab.view()).toMatchObject({ sessionId: first.sessionId, phase: 'complete' })
    events.socket.close()
  })

  test('joins by code with the same number, without asking for another', async () => {
    const visitor = gateway.visitor()
    const phone = await gateway.simulator.phone(String(++number))
    const first = await visitor.startByCode(phone.phoneNumber)
    expect(await node.visitor(visitor.cookie).startByCode(`+${phone.phoneNumber}`)).toEqual(first)
    expect(await phone.codeRequests()).toHaveLength(1)
    await phone.enterCode(first.pairingCode)
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [first.sessionId])
  })

  test('before there is a code: it waits for it', async () => {
    const visitor = gateway.visitor()
    const { sessionId } = await visitor.start()
    await visitor.request('DELETE', `/api/sessions/${sessionId}`)
    const starting = visitor.start()
    await rows.waitFor(`select from link_attempts where phase in ('starting', 'scanning') and session_id <> $1`, [
      sessionId,
    ])
    const joined = await node.visitor(visitor.cookie).start()
    expect(joined).toEqual(await starting)
  })

  test('at the same moment: one attempt, whoever is first', async () => {
    const visitor = gateway.visitor()
    const { sessionId } = await visitor.start()
    await visitor.request('DELETE', `/api/sessions/${sessionId}`)
    const tabs = [1, 2, 3].flatMap(() => [gateway.visitor(visitor.cookie), node.visitor(visitor.cookie)])
    const answers = await Promise.all(tabs.map(tab => tab.start()))
    expect(new Set(answers.map(answer => answer.sessionId)).size).toBe(1)
  })
})

describe('an attempt that is ended from another node', () => {
  test('is over for both: its keys are gone, its own node falls silent, nobody can scan it', async () => {
    const visitor = gateway.visitor()
    const phone = await gateway.simulator.phone(String(++number))
    const { sessionId, qrCode } = await visitor.start()
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'scanning'`, [sessionId])
    expect((await node.visitor(visitor.cookie).request('DELETE', `/api/sessions/${sessionId}`)).status).toBe(204)
    expect(await phaseOf(sessionId)).toEqual([{ phase: 'cancelled', reason: 'cancelled' }])
    for (const table of ['session_credentials', 'signal_keys', 'data_keys', 'session_leases'])
      expect(await rows.query(`select from ${table} where session_id = $1`, [sessionId]), table).toEqual([])
    await expect
      .poll(() => gateway.logLines.some(line => line.includes('link_ended') && line.includes(sessionId)))
      .toBe(true)
    // WhatsApp hears of the closed line a moment later: until then a phone may still be told of a device that never comes
    const picture = Buffer.from(qrCode.split(',')[1] ?? '', 'base64')
    await phone.scanPicture(picture).then(
      device => expect(device.confirmed).toBe(false),
      (error: unknown) => expect(error).toMatchObject({ code: 'qr_expired' }),
    )
    expect(await phaseOf(sessionId)).toEqual([{ phase: 'cancelled', reason: 'cancelled' }])
    expect((await phone.devices()).filter(device => device.confirmed)).toEqual([])
    expect((await visitor.start()).sessionId).not.toBe(sessionId)
  })

  test('although its phone scans at that moment: no device is left', async () => {
    const visitor = gateway.visitor()
    const phone = await gateway.simulator.phone(String(++number))
    const { sessionId, qrCode } = await visitor.start()
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'scanning'`, [sessionId])
    const hold = await gateway.simulator.hold({ direction: 'out', tag: 'iq', child: 'pair-success' })
    const scanning = phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64')).catch(() => {})
    await hold.reached
    await node.visitor(visitor.cookie).request('DELETE', `/api/sessions/${sessionId}`)
    await hold.release()
    await scanning
    expect(await phaseOf(sessionId)).toEqual([{ phase: 'cancelled', reason: 'cancelled' }])
    await expect.poll(async () => (await phone.devices()).filter(device => device.confirmed)).toEqual([])
    expect(await rows.query(`select from session_credentials where session_id = $1`, [sessionId])).toEqual([])
  })

  test('while its messages are on their way: its own node takes the device off the account', async () => {
    const visitor = gateway.visitor()
    const phone = await gateway.simulator.phone(String(++number))
    const { sessionId, qrCode } = await visitor.start()
    const hold = await gateway.simulator.hold({ direction: 'in', tag: 'message', account: phone.phoneNumber })
    await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
    await hold.reached
    expect((await node.visitor(visitor.cookie).request('DELETE', `/api/sessions/${sessionId}`)).status).toBe(204)
    expect(await phaseOf(sessionId)).toEqual([{ phase: 'cancelled', reason: 'cancelled_late' }])
    await hold.release()
    await rows.waitFor(`select from sessions where id = $1 and state = 'logged_out'`, [sessionId])
    expect(await phone.devices()).toEqual([])
    await phone.waitForQuiet()
    const texts = (await phone.messages(phone.jid)).map(({ text }) => text)
    expect(texts).toEqual([expect.stringMatching(/^WHIZLITE_/), expect.stringContaining('takes its device off')])
    expect(await rows.query(`select wanted from session_leases where session_id = $1`, [sessionId])).toEqual([
      { wanted: false },
    ])
  })

  test('because its browser asks another way there', async () => {
    const visitor = gateway.visitor()
    const phone = await gateway.simulator.phone(String(++number))
    const { sessionId } = await visitor.start()
    const tab = node.visitor(visitor.cookie)
    const { sessionId: newer, pairingCode } = await tab.startByCode(phone.phoneNumber)
    expect(await phaseOf(sessionId)).toEqual([{ phase: 'cancelled', reason: 'replaced_by_visitor' }])
    await phone.enterCode(pairingCode)
    await rows.waitFor(`select from link_attempts where session_id = $1 and phase = 'complete'`, [newer])
  })
})
