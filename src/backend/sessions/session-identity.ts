import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { Fence } from '../leases/fence.js'
import type { Sealer } from '../vault/sealer.js'

/** Which session, in whose workspace, under which lease, sealed with which key. */
export type SessionIdentity = { workspaceId: WorkspaceId; sessionId: SessionId; fence: Fence; sealer: Sealer }

/** A session that this node is to run, whether its key opens or not. */
export type OwnedSession = Omit<SessionIdentity, 'sealer'>
