import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { LinkMode } from '../../contract/linking.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { openLease } from '../leases/session-leases.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import type { Vault } from '../vault/vault.js'
import { insertAttempt, latestAttempt, lockVisitor } from './attempts-store.js'
import { hasEnded } from './link-phase.js'

export type OpenAttemptDeps = {
  tenants: Tenants
  vault: Vault
  nodeId: string
  workspaceId: () => WorkspaceId
  mode: LinkMode
}

/**
 * Stores a new attempt of a browser with its lease and its data key; one that the browser has under way already, on whichever node,
 * is left as the only one.
 * @returns the new attempt's identity, or the id of the one under way
 */
export async function openAttempt(
  { tenants, vault, nodeId, mode, ...deps }: OpenAttemptDeps,
  { sessionId, visitorHash }: { sessionId: SessionId; visitorHash: Buffer },
): Promise<SessionIdentity | { sessionId: SessionId }> {
  const workspaceId = deps.workspaceId()
  return tenants.transact({ workspaceId }, async tx => {
    await lockVisitor(tx, visitorHash)
    const latest = await latestAttempt(tx, visitorHash)
    if (latest !== null && !hasEnded(latest.phase)) return { sessionId: latest.sessionId }
    const sealer = await vault.createSealer(tx, { workspaceId, sessionId })
    const fence = await openLease(tx, sessionId, nodeId)
    await insertAttempt(tx, { sessionId, visitorHash, nodeId, mode })
    return { workspaceId, sessionId, fence, sealer }
  })
}
