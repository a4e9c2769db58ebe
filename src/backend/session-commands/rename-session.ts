import type { SessionId } from '../../contract/ids.js'
import { storeName } from '../sessions/session-name.js'
import { requireSession, type CommandDeps, type CommandScope } from './command-scope.js'

/** @param name null takes it away. @throws GatewayError `session_not_found` */
export async function renameSession(
  { tenants, vault }: CommandDeps,
  scope: CommandScope,
  { sessionId, name }: { sessionId: SessionId; name: string | null },
): Promise<void> {
  await tenants.transact(scope, async tx => {
    await requireSession(tx, sessionId)
    await storeName(tx, vault, sessionId, name)
  })
}
