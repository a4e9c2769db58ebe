import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeSessionId } from '../src/session/index.js'
import { TestGateway } from './support/test-gateway.js'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await TestGateway.start({ env: { SUPPORT_URL: 'https://support.example' } })
})

afterAll(() => gateway[Symbol.asyncDispose]())

test('a phone scans the picture and gets the session ID, then the words, and nothing else', async () => {
  const visitor = gateway.visitor()
  const phone = await gateway.simulator.phone('254700000001', { name: 'Amina' })

  const { sessionId, qrCode } = await visitor.start()
  const events = visitor.listen()
  await phone.scanPicture(Buffer.from(qrCode.split(',')[1] ?? '', 'base64'))
  await events.waitForEvent('complete')

  await phone.waitForQuiet()
  const messages = await phone.messages(phone.jid)
  expect(messages).toHaveLength(2)
  const [first, second] = messages
  expect(decodeSessionId(first?.text ?? '').account).toMatchObject({ number: '254700000001' })
  expect(second?.text).toContain('*Connected Number:* 254700000001')
  expect(await visitor.view(sessionId)).toMatchObject({ phase: 'complete', state: 'handed_off', step: 3, percent: 100 })
})
