import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { LinkAttemptView } from '../../contract/linking.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { EventLog, StoredEvent } from '../events/event-log.js'
import type { EventWakeups } from '../events/event-wakeups.js'
import { visitorHash } from '../http/attempt-cookie.js'
import { attemptFeed } from '../live/attempt-feed.js'
import type { OpenFeed } from '../live/websocket.js'
import { errorCode, type Log } from '../log.js'
import type { Vault } from '../vault/vault.js'
import { attemptView } from './attempt-view.js'
import { findVisitorsAttempt, latestAttempt } from './attempts-reading.js'
import { noteSeen } from './attempts-store.js'

export type VisitorFeedDeps = {
  tenants: Tenants
  events: EventLog
  wakeups: EventWakeups
  vault: Vault
  workspaceId: () => WorkspaceId
  log: Log
  onDelivered?: (ageSeconds: number) => void
  seenEveryMs?: number
}

/** An open feed is a sign of life of a visitor in the queue. */
const defaultSeenEveryMs = 10_000

/** The live side of an attempt: its own visitor's events, from the beginning unless they resume. */
export function createVisitorFeed({ tenants, events, wakeups, vault, log, ...deps }: VisitorFeedDeps): OpenFeed {
  const seenEveryMs = deps.seenEveryMs ?? defaultSeenEveryMs

  const keepPlace = async (workspaceId: WorkspaceId, sessionId: SessionId, signal: AbortSignal): Promise<void> => {
    for (let queued = true; queued;) {
      await delay(seenEveryMs, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      try {
        queued = await tenants.transact({ workspaceId }, tx => noteSeen(tx, sessionId), { hasty: true })
      } catch (error) {
        log.warn('visitor_not_noted', { sessionId, code: errorCode(error) })
      }
    }
  }

  return async (visitor, { after, signal }) => {
    const workspaceId = deps.workspaceId()
    const hash = visitorHash(visitor)
    const attempt = await tenants.read({ workspaceId }, tx => latestAttempt(tx, hash))
    if (attempt === null || signal.aborted) return null
    const { sessionId } = attempt

    const present = async ({ event: { event, data } }: StoredEvent) => {
      if (event !== 'qr_code' && event !== 'pairing_code') return data
      // the log knows that there was a code; what is sent is the one that is shown now
      const view = await tenants.read({ workspaceId }, async tx => {
        const now = await findVisitorsAttempt(tx, hash, sessionId)
        return now && attemptView(tx, vault, now)
      })
      const shown = view && shownFor(event, view)
      return shown && { ...data, ...shown }
    }
    if (attempt.phase === 'queued') void keepPlace(workspaceId, sessionId, signal)
    const options = { workspaceId, sessionId, after: after ?? 0n, signal, present }
    return attemptFeed({ tenants, log: events, wakeups, ...deps }, options)
  }
}

/** What is shown at this moment of a code whose place the log has kept; null when it is shown no more. */
export function shownFor(event: 'qr_code' | 'pairing_code', view: LinkAttemptView): Record<string, unknown> | null {
  const { qrCode, qrExpiresInMs, pairingCode, codeExpiresInMs } = view
  if (event === 'qr_code') return qrCode === undefined ? null : { qrCode, expiresInMs: qrExpiresInMs }
  return pairingCode === undefined ? null : { pairingCode, expiresInMs: codeExpiresInMs }
}
