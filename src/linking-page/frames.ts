import type { GatewayEvent } from '../contract/events.js'
import type { LinkMethod } from '../contract/linking.js'

interface Named<Name extends GatewayEvent['event']> {
  event: Name
  sessionId: string
}

/** What the page uses of the gateway's events, each field checked on arrival. */
export type PageEvent =
  | { event: 'shown'; sessionId: string; method: LinkMethod; content: string; expiresInMs: number }
  | Named<'pairing_code_entered'>
  | Named<'qr_scanned'>
  | (Named<'progress'> & { step: number; percent: number })
  | Named<'complete'>
  | Named<'connection_success'>
  | Named<'connection_lost'>
  | (Named<'link_ended'> & { phase: 'expired' | 'cancelled' | 'failed' })

/** Reads one WebSocket frame; null for anything this page has no use for, so that newer servers may say more. */
export function readFrame(text: unknown): PageEvent | null {
  const frame = parseRecord(text)
  const data = frame?.['data']
  if (!frame || !isRecord(data)) return null
  const { sessionId } = data
  if (typeof sessionId !== 'string') return null
  switch (frame['event']) {
    case 'qr_code':
      return shown(sessionId, 'qr', isPicture(data['qrCode']) ? data['qrCode'] : null, data['expiresInMs'])
    case 'pairing_code':
      return shown(sessionId, 'code', data['pairingCode'], data['expiresInMs'])
    case 'progress':
      return typeof data['step'] === 'number' && typeof data['percent'] === 'number'
        ? { event: 'progress', sessionId, step: data['step'], percent: data['percent'] }
        : null
    case 'link_ended':
      return data['phase'] === 'expired' || data['phase'] === 'cancelled' || data['phase'] === 'failed'
        ? { event: 'link_ended', sessionId, phase: data['phase'] }
        : null
    case 'pairing_code_entered':
    case 'qr_scanned':
    case 'complete':
    case 'connection_success':
    case 'connection_lost':
      return { event: frame['event'], sessionId }
    default:
      return null
  }
}

function shown(sessionId: string, method: LinkMethod, content: unknown, expiresInMs: unknown): PageEvent | null {
  if (typeof content !== 'string' || typeof expiresInMs !== 'number') return null
  return { event: 'shown', sessionId, method, content, expiresInMs }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isPicture(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('data:image/png;base64,')
}

function parseRecord(text: unknown): Record<string, unknown> | null {
  if (typeof text !== 'string') return null
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}
