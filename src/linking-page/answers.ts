import type { LinkAttemptView, LinkMethod, LinkMode, LinkPhase } from '../contract/linking.js'
import { isPicture, isRecord } from './frames.js'

export interface PageSettings {
  mode: LinkMode
  supportUrl: string | null
  /** Who runs this gateway. */
  ownerUrl: string | null
  logoUrl: string | null
}

/** What a start was answered with: something to show, or a place in the queue (1 is next). */
export type Started = { sessionId: string } & (
  { method: LinkMethod; content: string; place: null } | { method: null; content: null; place: number }
)

const PHASES: ReadonlySet<unknown> = new Set<LinkPhase>([
  'queued',
  'starting',
  'scanning',
  'scanned',
  'preparing',
  'delivering',
  'complete',
  'expired',
  'cancelled',
  'failed',
])

/** Null when the answer is not what it should be. What happens to the account is explained from it: it is not to be guessed. */
export function readSettings(body: unknown): PageSettings | null {
  if (!isRecord(body) || (body['mode'] !== 'handed_off' && body['mode'] !== 'managed')) return null
  return {
    mode: body['mode'],
    supportUrl: webAddress(body['supportUrl']),
    ownerUrl: webAddress(body['ownerUrl']),
    logoUrl: typeof body['logoUrl'] === 'string' ? body['logoUrl'] : null,
  }
}

export function readStarted(body: unknown): Started | null {
  if (!isRecord(body) || typeof body['sessionId'] !== 'string') return null
  const { sessionId, qrCode, pairingCode, queuePosition } = body
  if (isPicture(qrCode)) return { sessionId, method: 'qr', content: qrCode, place: null }
  if (typeof pairingCode === 'string') return { sessionId, method: 'code', content: pairingCode, place: null }
  return typeof queuePosition === 'number' ? { sessionId, method: null, content: null, place: queuePosition } : null
}

export function readView(value: unknown): LinkAttemptView | null {
  return isView(value) ? value : null
}

function isView(value: unknown): value is LinkAttemptView {
  return (
    isRecord(value) &&
    typeof value['sessionId'] === 'string' &&
    typeof value['percent'] === 'number' &&
    typeof value['step'] === 'number' &&
    (value['qrCode'] === undefined || isPicture(value['qrCode'])) &&
    (value['pairingCode'] === undefined || typeof value['pairingCode'] === 'string') &&
    PHASES.has(value['phase'])
  )
}

/** Only addresses that are safe in a link: a setting must not be able to run script. A bare host is meant as a web site. */
function webAddress(value: unknown): string | null {
  if (typeof value !== 'string') return null
  if (/^(https?:\/\/|mailto:)/i.test(value)) return value
  return /^[\w-]+(\.[\w-]+)+(\/|$)/.test(value) ? `https://${value}` : null
}
