import type { SessionId } from '../../contract/ids.js'
import type { Tenants, TenantScope } from '../database/tenant-transaction.js'
import type { MemberView } from '../live/subscriptions.js'
import { readSession } from '../sessions/session-view.js'
import type { Vault } from '../vault/vault.js'
import { attemptView } from './attempt-view.js'
import { findAttempt } from './attempts-reading.js'
import { shownFor } from './visitor-feed.js'

export type MemberEventsDeps = { tenants: Pick<Tenants, 'read'>; vault: Vault }

/** What the live events of a member need to know of sessions and links. A visitor's QR or code is shown to that visitor alone. */
export function createMemberEvents({ tenants, vault }: MemberEventsDeps): MemberView {
  const attemptOf = (scope: TenantScope, sessionId: SessionId) =>
    tenants.read(scope, async tx => {
      const attempt = await findAttempt(tx, sessionId)
      return attempt?.startedBy === 'service' ? await attemptView(tx, vault, attempt) : null
    })

  return {
    async sees(tx, sessionId) {
      if ((await readSession(tx, sessionId)) !== null) return true
      return (await findAttempt(tx, sessionId))?.startedBy === 'service'
    },
    async present(scope, { sessionId, event: { event, data } }) {
      if (event !== 'qr_code' && event !== 'pairing_code') return data
      const view = await attemptOf(scope, sessionId)
      const shown = view && shownFor(event, view)
      return shown && { ...data, ...shown }
    },
  }
}
