import qrcode from 'qrcode'
import type { View } from './scripted-gateway.js'

export const sessionId = '7d2f0a52-3a8e-4a53-9c1f-0e2b7d1c4a90'

/** Two pictures such as the gateway sends; no phone accepts them. */
export const pictures = [await qrcode.toDataURL('first sample'), await qrcode.toDataURL('second sample')] as const

export const pairingCode = 'K7AB-23XD'

const linking = {
  sessionId,
  status: 'connecting',
  state: 'linking',
  mode: 'handed_off',
  method: 'qr',
  step: 1,
  percent: 10,
  reason: null,
  since: '2026-01-01T00:00:00.000Z',
} as const

export const scanning: View = { ...linking, phase: 'scanning', qrExpiresInMs: 60_000, expiresInMs: 120_000 }
export const entering: View = {
  ...linking,
  method: 'code',
  phase: 'scanning',
  pairingCode,
  codeExpiresInMs: 167_000,
  expiresInMs: 167_000,
}
export const queued: View = { ...linking, phase: 'queued', percent: 0, queuePosition: 3 }
export const scanned = onward({ phase: 'scanned', percent: 30 })
export const preparing = onward({ phase: 'preparing', step: 2, percent: 50 })
export const complete = onward({
  status: 'disconnected',
  state: 'handed_off',
  phase: 'complete',
  step: 3,
  percent: 100,
})
export const managed = onward({
  status: 'connected',
  state: 'connected',
  mode: 'managed',
  phase: 'complete',
  step: 3,
  percent: 100,
  can: ['resend', 'revoke'],
})

/** The same attempt after its scan, or over: no code and no time left any more. */
export function onward(change: Partial<View>): View {
  return { ...linking, phase: 'scanned', ...change }
}
