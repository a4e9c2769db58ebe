import type { CloseReason } from '../engine/engine.js'
import type { LinkReason } from './link-reasons.js'

/** How far an attempt had come: a QR or code shown, one typed on a phone, a phone's acceptance. */
export type LinkStage = { shown: boolean; entered: boolean; accepted: boolean }

/** What a socket's end means to somebody who is linking. The same refusal speaks of an account only after a phone has accepted. */
export function linkReasonOf({ plane, kind, status }: CloseReason, stage: LinkStage): LinkReason {
  const { shown, entered, accepted } = stage
  if (plane === 'http') return status === 429 || (status ?? 0) >= 500 ? 'whatsapp_busy' : 'whatsapp_intercepted'
  switch (kind) {
    case 'qr_expired':
    case 'code_refused':
    case 'code_rate_limited':
    case 'code_unanswered':
    case 'passkey_required':
    case 'pairing_rejected':
    case 'phone_outdated':
    case 'engine_outdated':
      return kind
    case 'code_expired':
      return entered ? 'pairing_unfinished' : 'code_expired'
    case 'storage_error':
    case 'storage_damaged':
    case 'fenced':
      return 'storage_error'
    case 'unreachable':
      if (accepted) return 'login_unfinished'
      return shown ? 'connection_lost_early' : 'whatsapp_unreachable'
    case 'server_error':
      return 'whatsapp_fault'
    case 'registration_refused':
      return 'whatsapp_refused'
    case 'logged_out':
      return accepted ? 'unlinked_early' : 'whatsapp_refused'
    case 'banned':
    case 'locked':
    case 'restricted':
      return accepted ? (`account_${kind}` as const) : 'whatsapp_refused'
    default:
      return unnamed({ plane, status }, stage)
  }
}

function unnamed({ plane, status }: Pick<CloseReason, 'plane' | 'status'>, { accepted, shown }: LinkStage): LinkReason {
  if (status === 429) return 'whatsapp_busy'
  if (plane === 'login') return accepted ? 'account_refused' : 'whatsapp_refused'
  if (accepted) return 'connection_lost'
  return shown ? 'connection_lost_early' : 'whatsapp_unreachable'
}
