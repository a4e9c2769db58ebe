import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { ResendAnswer, RevokeAnswer } from '../../contract/linking.js'
import type { TenantReader, Tenants, TenantScope, TenantTransactor } from '../database/tenant-transaction.js'
import { visitorHash, type VisitorToken } from '../http/attempt-cookie.js'
import { sessionState } from '../sessions/sessions-store.js'
import { findVisitorsAttempt, type Attempt } from './attempts-reading.js'
import { attemptNotFound } from './errors.js'
import { linkedSession, lockManaged, notManaged, type ManagedSession } from './managed-session.js'
import { queueResend, resendTooOften, type ResendDeps } from './resend.js'
import { queueRevoke } from './revoke.js'

/** What the browser that linked a managed session may ask for afterwards. */
export interface VisitorSessions {
  /** @throws GatewayError `attempt_not_found`, `session_state`, `too_many_attempts` */
  resend(visitor: VisitorToken | null, sessionId: SessionId): Promise<ResendAnswer>
  /**
   * Also of one that rests because something else has logged in with it: of a stolen copy, this is the end.
   * @throws GatewayError `attempt_not_found`, `session_state`
   */
  revoke(visitor: VisitorToken | null, sessionId: SessionId): Promise<RevokeAnswer>
}

export type VisitorSessionsDeps = ResendDeps & {
  tenants: Tenants
  workspaceId: () => WorkspaceId
  /** Connects a session that rests, takes its device off the account, and waits some seconds for that. */
  logOut: (scope: TenantScope, sessionId: SessionId) => Promise<unknown>
}

/** How long an answer waits for the goodbye and the device to be gone. */
const revokeWait = { limitMs: 10_000, everyMs: 100 }

export function createVisitorSessions({ tenants, ...deps }: VisitorSessionsDeps): VisitorSessions {
  const ownAttempt = async (tx: TenantReader, visitor: VisitorToken | null, sessionId: SessionId): Promise<Attempt> => {
    const attempt = visitor === null ? null : await findVisitorsAttempt(tx, visitorHash(visitor), sessionId)
    if (attempt === null) throw attemptNotFound()
    return attempt
  }

  const ownSession = async (
    tx: TenantTransactor,
    visitor: VisitorToken | null,
    sessionId: SessionId,
  ): Promise<ManagedSession> => {
    const attempt = await ownAttempt(tx, visitor, sessionId)
    const session = attempt.phase === 'complete' ? await lockManaged(tx, sessionId) : null
    if (session === null) throw notManaged()
    return session
  }

  const isReplaced = async (tx: TenantReader, visitor: VisitorToken | null, sessionId: SessionId) => {
    const { phase } = await ownAttempt(tx, visitor, sessionId)
    return phase === 'complete' && (await linkedSession(tx, sessionId))?.replaced === true
  }

  return {
    async resend(visitor, sessionId) {
      const { waitSeconds } = await tenants.transact({ workspaceId: deps.workspaceId() }, async tx =>
        queueResend(deps, tx, await ownSession(tx, visitor, sessionId)),
      )
      if (waitSeconds > 0) throw resendTooOften(waitSeconds)
      return { queued: true }
    },

    async revoke(visitor, sessionId) {
      const scope = { workspaceId: deps.workspaceId() }
      if (await tenants.read(scope, tx => isReplaced(tx, visitor, sessionId))) {
        await deps.logOut(scope, sessionId)
        return { state: await tenants.read(scope, tx => sessionState(tx, sessionId)) }
      }
      await tenants.transact(scope, async tx => queueRevoke(deps, tx, await ownSession(tx, visitor, sessionId)))
      const deadline = performance.now() + revokeWait.limitMs
      for (;;) {
        const state = await tenants.read(scope, tx => sessionState(tx, sessionId))
        if (state === 'logged_out' || performance.now() > deadline) return { state }
        await delay(revokeWait.everyMs)
      }
    },
  }
}
