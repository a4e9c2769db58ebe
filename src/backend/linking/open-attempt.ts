import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { LinkMode } from '../../contract/linking.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
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
 * @param isNew a visitor with no cookie yet has none under way
 * @returns the new attempt's identity, or the id of the one under way
 */
export async function openAttempt(
  { tenants, vault, nodeId, mode, ...deps }: OpenAttemptDeps,
  { sessionId, visitorHash, isNew }: { sessionId: SessionId; visitorHash: Buffer; isNew: boolean },
): Promise<SessionIdentity | { sessionId: SessionId }> {
  const workspaceId = deps.workspaceId()
  const store = async (tx: TenantTransactor) => {
    const underWay = isNew ? null : await attemptUnderWay(tx, visitorHash)
    if (underWay !== null) return { sessionId: underWay }
    const sealer = await vault.createSealer(tx, { workspaceId, sessionId })
    const fence = await openLease(tx, sessionId, nodeId)
    await insertAttempt(tx, { sessionId, visitorHash, nodeId, mode })
    return { workspaceId, sessionId, fence, sealer }
  }
  // whatever follows commits durably, this with it; a visitor whose attempt a crashed database forgot starts again
  return tenants.transact({ workspaceId }, store, { hasty: true })
}

async function attemptUnderWay(tx: TenantTransactor, visitorHash: Buffer): Promise<SessionId | null> {
  await lockVisitor(tx, visitorHash)
  const latest = await latestAttempt(tx, visitorHash)
  return latest === null || hasEnded(latest.phase) ? null : latest.sessionId
}
