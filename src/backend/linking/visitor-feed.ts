import type { WorkspaceId } from '../../contract/ids.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventLog, StoredEvent } from '../events/event-log.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import { visitorHash } from '../http/attempt-cookie.js'
import { attemptFeed } from '../live/attempt-feed.js'
import type { OpenFeed } from '../live/websocket.js'
import type { Vault } from '../vault/vault.js'
import { attemptView } from './attempt-view.js'
import { findVisitorsAttempt, latestAttempt } from './attempts-store.js'

export type VisitorFeedDeps = {
  tenants: Tenants
  events: EventLog
  wakeups: EventWakeups
  vault: Vault
  workspaceId: () => WorkspaceId
}

/** The live side of an attempt: its own visitor's events, from the beginning unless they resume. */
export function createVisitorFeed({ tenants, events, wakeups, vault, ...deps }: VisitorFeedDeps): OpenFeed {
  return async (visitor, { after, signal }) => {
    const workspaceId = deps.workspaceId()
    const hash = visitorHash(visitor)
    const attempt = await tenants.read({ workspaceId }, tx => latestAttempt(tx, hash))
    if (attempt === null) return null
    const { sessionId } = attempt

    const present = async ({ event: { event, data } }: StoredEvent) => {
      if (event !== 'qr_code') return data
      // the log knows that there was a code; the picture is the one that is shown now
      const view = await tenants.read({ workspaceId }, async tx => {
        const now = await findVisitorsAttempt(tx, hash, sessionId)
        return now && attemptView(tx, vault, now)
      })
      if (view?.qrCode === undefined) return null
      return { ...data, qrCode: view.qrCode, expiresInMs: view.qrExpiresInMs }
    }
    const options = { workspaceId, sessionId, after: after ?? 0n, signal, present }
    return attemptFeed({ tenants, log: events, wakeups }, options)
  }
}
