import { describe, expect, test } from 'vitest'
import type { CloseReason } from '../engine/engine.js'
import { linkReasonOf, mayLogInYet, type LinkStage } from './close-reasons.js'
import type { LinkReason } from './link-reasons.js'

const asking: LinkStage = { shown: false, entered: false, accepted: false }
const shown: LinkStage = { ...asking, shown: true }
const entered: LinkStage = { ...shown, entered: true }
const accepted: LinkStage = { ...shown, accepted: true }

const closed = (plane: CloseReason['plane'], kind: CloseReason['kind'], status: number | null = null): CloseReason => ({
  plane,
  kind,
  status,
  phase: 'linking',
})

describe('the end of a socket, to somebody who is linking', () => {
  test.each<[CloseReason, LinkStage, LinkReason]>([
    [closed('local', 'qr_expired', 408), shown, 'qr_expired'],
    [closed('local', 'code_expired'), shown, 'code_expired'],
    [closed('local', 'code_expired'), entered, 'pairing_unfinished'],
    [closed('stream', 'code_refused', 400), asking, 'code_refused'],
    [closed('stream', 'code_rate_limited', 429), asking, 'code_rate_limited'],
    [closed('stream', 'code_unanswered'), asking, 'code_unanswered'],
    [closed('stream', 'passkey_required'), entered, 'passkey_required'],
    [closed('stream', 'phone_outdated', 411), shown, 'phone_outdated'],
    [closed('local', 'pairing_rejected'), shown, 'pairing_rejected'],
    [closed('http', 'unreachable', 200), asking, 'whatsapp_intercepted'],
    [closed('http', 'unreachable', 302), asking, 'whatsapp_intercepted'],
    [closed('http', 'unreachable', 401), asking, 'whatsapp_intercepted'],
    [closed('http', 'unreachable', 403), asking, 'whatsapp_intercepted'],
    [closed('http', 'unreachable', 405), asking, 'whatsapp_intercepted'],
    [closed('http', 'rate_limited', 429), asking, 'whatsapp_busy'],
    [closed('http', 'server_error', 503), asking, 'whatsapp_busy'],
    [closed('local', 'unreachable'), asking, 'whatsapp_unreachable'],
    [closed('local', 'connection_lost'), shown, 'connection_lost_early'],
    [closed('local', 'unknown'), asking, 'whatsapp_unreachable'],
    [closed('login', 'registration_refused', 403), asking, 'whatsapp_refused'],
    [closed('login', 'engine_outdated', 405), asking, 'engine_outdated'],
    [closed('login', 'engine_misconfigured', 409), asking, 'server_not_accepted'],
    [closed('login', 'rate_limited', 429), asking, 'whatsapp_busy'],
    [closed('login', 'unknown', 418), asking, 'whatsapp_refused'],
    [closed('login', 'server_error', 500), asking, 'whatsapp_fault'],
    [closed('login', 'engine_outdated', 405), accepted, 'server_not_accepted_late'],
    [closed('login', 'banned', 406), accepted, 'account_banned'],
    [closed('login', 'locked', 403), accepted, 'account_locked'],
    [closed('login', 'restricted', 402), accepted, 'account_restricted'],
    [closed('login', 'unknown', 418), accepted, 'account_refused'],
    // a device that WhatsApp does not know was perhaps never linked
    [closed('login', 'logged_out', 401), accepted, 'login_unfinished'],
    [closed('stream', 'logged_out', 401), accepted, 'unlinked_early'],
    [closed('http', 'unreachable', 403), accepted, 'login_unfinished'],
    [closed('storage', 'fenced'), accepted, 'storage_error'],
  ])('%o at %o is %s', (reason, stage, expected) => {
    expect(linkReasonOf(reason, stage)).toBe(expected)
  })
})

test('a login is tried again after a failure of line or server, never after an answer', () => {
  const again = [
    closed('local', 'unreachable'),
    closed('local', 'connection_lost'),
    closed('login', 'server_error', 503),
    closed('http', 'unreachable', 503),
  ]
  const never = [
    closed('login', 'logged_out', 401),
    closed('login', 'engine_outdated', 405),
    closed('http', 'unreachable', 403),
    closed('storage', 'storage_error'),
    closed('stream', 'passkey_required'),
    closed('local', 'closed_by_us'),
  ]
  expect(again.filter(reason => !mayLogInYet(reason))).toEqual([])
  expect(never.filter(mayLogInYet)).toEqual([])
})
