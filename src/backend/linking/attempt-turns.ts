import type { TenantTransactor, TransactionOptions } from '../database/tenant-transaction.js'
import { untilStored } from '../database/until-stored.js'
import { assertFence } from '../leases/fence.js'
import { errorCode, type Log } from '../log.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import type { Sessions } from '../sessions/sessions.js'
import type { AttemptLines } from './attempt-lines.js'
import { moveAttempt, noteCodeEntered, storeCode, storeQr } from './attempts-store.js'
import { discardAttempt, type DiscardAttemptDeps } from './discard-attempt.js'
import type { AttemptEnd, LinkTurns } from './link-turns.js'
import { progress, type LinkKind } from './link-progress.js'
import { promoteAttempt } from './promote-attempt.js'
import { qrPicture } from './qr-picture.js'

export type AttemptTurnsDeps = DiscardAttemptDeps & {
  sessions: Sessions
  lines: Pick<AttemptLines, 'letGo'>
  log: Log
  /** This node has nothing to do for the attempt any more: it became a session (`null`), or its end is stored, here or elsewhere. */
  onOver: (end: AttemptEnd | null) => Promise<void>
}

/** A code is worth nothing after the seconds it is shown for; in a crowd it waits some of them for the database. */
const shortLived = { hasty: true, deadlineMs: 15_000 }

/** Binds an attempt's process to the database and the running sessions: each turn is one transaction, state and event together. */
export function createAttemptTurns(deps: AttemptTurnsDeps, identity: SessionIdentity, kind: LinkKind): LinkTurns {
  const { tenants, events, sessions, lines, log, onOver } = deps
  const { workspaceId, sessionId, fence, sealer } = identity
  const store = <Result>(work: (tx: TenantTransactor) => Promise<Result>, options: TransactionOptions = {}) =>
    tenants.transact(
      { workspaceId },
      async tx => {
        await assertFence(tx, sessionId, fence)
        return work(tx)
      },
      options,
    )
  let shown = 0

  return {
    called: () =>
      store(async tx => {
        if (!(await moveAttempt(tx, sessionId, 'starting'))) return false
        await events.append(tx, progress(sessionId, 'starting', kind))
        return true
      }),

    async qr(qr, expiresInMs) {
      const first = shown++ === 0
      const stored = store(async tx => {
        if (!(await storeQr(tx, sealer, sessionId, { qr, expiresInMs, first }))) return
        const shows = { event: 'qr_code', data: { sessionId, status: 'connecting' } } as const
        await events.append(tx, shows, ...(first ? [progress(sessionId, 'scanning', kind)] : []))
      }, shortLived)
      // drawn while the database works: whoever waits for the picture waits for both
      qrPicture(qr).catch(() => {})
      // a later QR that could not be stored costs its seconds on the page, not the link
      await (first
        ? stored
        : stored.catch((error: unknown) => log.warn('qr_not_stored', { sessionId, code: errorCode(error) })))
    },

    code: (code, expiresInMs) =>
      store(async tx => {
        if (!(await storeCode(tx, sealer, sessionId, { code, expiresInMs }))) return
        const shows = { event: 'pairing_code', data: { sessionId, status: 'connecting' } } as const
        await events.append(tx, shows, progress(sessionId, 'scanning', kind))
      }, shortLived),

    // only a note for the page: the link does not hang on it
    codeEntered: expiresInMs =>
      store(async tx => {
        if (!(await noteCodeEntered(tx, sessionId, { expiresInMs }))) return
        await events.append(tx, { event: 'pairing_code_entered', data: { sessionId } })
      }, shortLived).catch((error: unknown) => log.warn('entry_not_stored', { sessionId, code: errorCode(error) })),

    // the phone has accepted by now: waiting for the database is kinder than throwing away
    scanned: () =>
      untilStored(() =>
        store(async tx => {
          if (!(await moveAttempt(tx, sessionId, 'scanned'))) return
          await events.append(tx, { event: 'qr_scanned', data: { sessionId } }, progress(sessionId, 'scanned', kind))
        }),
      ),

    async opened(account, connection) {
      const promoted = await untilStored(() => promoteAttempt(deps, identity, account, kind))
      if (promoted === null) return null
      log.info('session_linked', { sessionId })
      await Promise.all(promoted.superseded.map(older => sessions.rest(older)))
      // in one turn: a line that nobody held still, or that two did, would go on at the wrong time
      const forward = sessions.adopt(identity, connection)
      lines.letGo(connection)
      await onOver(null)
      return forward
    },

    async ended(end) {
      log.info('link_ended', { sessionId, code: end.reason })
      try {
        await untilStored(() => discardAttempt(deps, { workspaceId, sessionId, fence, ...end }))
      } catch (error) {
        // whoever took the attempt away has ended it as well
        if (errorCode(error) !== 'fenced') throw error
      } finally {
        await onOver(end)
      }
    },
  }
}
