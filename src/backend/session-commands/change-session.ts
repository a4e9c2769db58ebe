import type { SessionId } from '../../contract/ids.js'
import type { ChangeSessionRequest } from '../../contract/session-commands.js'
import { audit } from '../audit/audit.js'
import { storeName } from '../sessions/session-name.js'
import { requireOwnSession, type CommandDeps, type CommandScope } from './command-scope.js'

/** What its owner decides about a session. A change of who sees it is told to those who watch it. */
export type SessionChange = ChangeSessionRequest & { sessionId: SessionId }

/** @throws GatewayError `session_not_found`, `forbidden` */
export async function changeSession(
  { tenants, vault, events }: CommandDeps,
  scope: CommandScope,
  { sessionId, name, visibility }: SessionChange,
): Promise<void> {
  await tenants.transact(scope, async tx => {
    await requireOwnSession(tx, sessionId)
    if (name !== undefined) {
      await storeName(tx, vault, sessionId, name)
      await audit(tx, { action: 'session.rename', target: sessionId })
    }
    if (visibility === undefined) return
    await audit(tx, { action: 'session.share', target: sessionId, detail: { visibility } })
    await tx.db.updateTable('sessions').set({ visibility }).where('id', '=', sessionId).execute()
    await events.wake(tx, sessionId)
  })
}
