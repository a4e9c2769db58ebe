import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { SessionState } from '../../contract/sessions.js'
import type { Tenants } from '../database/tenant-transaction.js'
import type { SessionIdentity } from './session-identity.js'
import { shownStates } from './sessions-store.js'

type Compared = { identity: Pick<SessionIdentity, 'workspaceId' | 'sessionId'>; compare(shown: SessionState): void }

/** Tells every session what is shown of it: one question for each workspace. */
export async function compareShown(tenants: Pick<Tenants, 'read'>, sessions: Iterable<Compared>): Promise<void> {
  const workspaces = new Map<WorkspaceId, Map<SessionId, Compared>>()
  for (const session of sessions) {
    const { workspaceId, sessionId } = session.identity
    const found = workspaces.get(workspaceId) ?? new Map<SessionId, Compared>()
    workspaces.set(workspaceId, found.set(sessionId, session))
  }
  for (const [workspaceId, compared] of workspaces) {
    const shown = await tenants.read({ workspaceId }, tx => shownStates(tx, [...compared.keys()]))
    for (const [sessionId, session] of compared) {
      const state = shown.get(sessionId)
      if (state !== undefined) session.compare(state)
    }
  }
}
