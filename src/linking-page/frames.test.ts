import { expect, test } from 'vitest'
import { readFrame } from './frames.js'

const sessionId = 'a'
const frame = (event: string, data: unknown): string => JSON.stringify({ event, data, seq: 1 })

test('reads what the page uses', () => {
  const qrCode = 'data:image/png;base64,AAAA'
  const wire = frame('qr_code', { sessionId, qrCode, status: 'connecting', expiresInMs: 20_000 })
  expect(readFrame(wire)).toEqual({
    event: 'shown',
    sessionId,
    method: 'qr',
    content: qrCode,
    expiresInMs: 20_000,
  })
  const code = frame('pairing_code', { sessionId, pairingCode: 'K7AB-23XD', expiresInMs: 180_000 })
  expect(readFrame(code)).toMatchObject({ event: 'shown', method: 'code', content: 'K7AB-23XD' })
  expect(readFrame(frame('pairing_code_entered', { sessionId }))).toEqual({ event: 'pairing_code_entered', sessionId })
  const progress = frame('progress', { sessionId, status: 'connected', method: 'qr', step: 2, percent: 50 })
  expect(readFrame(progress)).toEqual({ event: 'progress', sessionId, step: 2, percent: 50 })
  const ended = frame('link_ended', { sessionId, phase: 'expired', reason: 'qr_timeout' })
  expect(readFrame(ended)).toEqual({ event: 'link_ended', sessionId, phase: 'expired' })
  expect(readFrame(frame('complete', { sessionId }))).toEqual({ event: 'complete', sessionId })
})

test.each([
  ['no JSON', '{'],
  ['not text', new Uint8Array()],
  ['no object', '[]'],
  ['no data', JSON.stringify({ event: 'complete' })],
  ['no session', frame('complete', {})],
  ['an unknown event', frame('weather', { sessionId })],
  ['a picture from elsewhere', frame('qr_code', { sessionId, qrCode: 'https://example.org/x.png', expiresInMs: 1 })],
  ['a made-up ending', frame('link_ended', { sessionId, phase: 'won' })],
])('lets %s pass by', (_what, wire) => {
  expect(readFrame(wire)).toBeNull()
})
