import type { CloseReason } from '../engine/engine.js'
import type { LinkReason } from './link-reasons.js'

/** How far an attempt had come: a QR or code shown, one typed on a phone, a phone's acceptance. */
export type LinkStage = { shown: boolean; entered: boolean; accepted: boolean }

/**
 * Whether a login that a phone has agreed to may yet come about: the line or the server failed, nobody said no. Ends of other kinds are
 * answers, and asking again would not change them.
 */
export function mayLogInYet({ plane, kind, status }: CloseReason): boolean {
  if (plane === 'http') return isBusy(status)
  return kind === 'connection_lost' || kind === 'zombie' || kind === 'unreachable' || kind.startsWith('server_')
}

/** What a socket's end means to somebody who is linking. The same refusal speaks of an account only after a phone has accepted. */
export function linkReasonOf(reason: CloseReason, stage: LinkStage): LinkReason {
  const { plane, kind, status } = reason
  switch (kind) {
    case 'storage_error':
    case 'storage_damaged':
    case 'fenced':
      return 'storage_error'
    case 'pairing_rejected':
    case 'passkey_required':
      return kind
    case 'phone_outdated':
      // the account may have a device by then, which these words do not speak of
      return stage.accepted ? afterAcceptance(reason) : kind
    default:
      if (stage.accepted) return afterAcceptance(reason)
      return plane === 'http' ? httpReason(status) : beforeAcceptance(reason, stage)
  }
}

const isBusy = (status: number | null) => status === 429 || (status ?? 0) >= 500

const httpReason = (status: number | null) => (isBusy(status) ? 'whatsapp_busy' : 'whatsapp_intercepted')

function beforeAcceptance({ plane, kind, status }: CloseReason, { shown, entered }: LinkStage): LinkReason {
  switch (kind) {
    case 'qr_expired':
    case 'code_refused':
    case 'code_rate_limited':
    case 'code_unanswered':
    case 'engine_outdated':
      return kind
    case 'code_expired':
      return entered ? 'pairing_unfinished' : 'code_expired'
    case 'server_error':
    case 'server_experimental':
      return 'whatsapp_fault'
    case 'engine_misconfigured':
      return 'server_not_accepted'
    case 'connection_lost':
    case 'unreachable':
      return shown ? 'connection_lost_early' : 'whatsapp_unreachable'
    default:
      if (status === 429) return 'whatsapp_busy'
      if (plane !== 'local') return 'whatsapp_refused'
      return shown ? 'connection_lost_early' : 'whatsapp_unreachable'
  }
}

/** The account has a device by now, unless WhatsApp has forgotten it: each of these sentences says where to look. */
function afterAcceptance({ plane, kind }: CloseReason): LinkReason {
  switch (kind) {
    case 'engine_outdated':
    case 'engine_misconfigured':
      return 'server_not_accepted_late'
    case 'logged_out':
      // at login it may as well mean that the phone's acceptance never arrived
      return plane === 'login' ? 'login_unfinished' : 'unlinked_early'
    case 'banned':
    case 'locked':
    case 'restricted':
      return `account_${kind}`
    default:
      return plane === 'login' ? 'account_refused' : 'login_unfinished'
  }
}
