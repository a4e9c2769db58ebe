import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import type { LinkMode } from '../../contract/linking.js'
import { DatabaseUnavailableError } from '../database/database-errors.js'
import type { Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { openLease, ownedEpoch } from '../leases/session-leases.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import type { Vault } from '../vault/vault.js'
import { latestAttempt } from './attempts-reading.js'
import { insertAttempt, lockVisitor } from './attempts-store.js'
import { sealNumber } from './expected-number.js'
import { hasEnded } from './link-phase.js'

/** A visitor waits this long for a database that went away in the middle. */
const patienceMs = 5_000

/** Hundreds who start at once wait for their turn at the database rather than be sent away. */
const crowdMs = 20_000
const retryMs = 250

export type OpenAttemptDeps = {
  tenants: Tenants
  vault: Vault
  nodeId: string
  workspaceId: () => WorkspaceId
  mode: LinkMode
}

export type OpenAttemptInput = {
  sessionId: SessionId
  visitorHash: Buffer
  /** A visitor with no cookie yet has none under way. */
  isNew: boolean
  /** Digits of the account to ask by code; `null`: by QR. */
  phoneNumber: string | null
  /** It waits for its turn. */
  queued: boolean
}

/**
 * Stores a new attempt of a browser with its lease and its data key; one that the browser has under way already, on whichever node,
 * is left as the only one.
 * When the answer to the commit is lost it asks again, and finds its own row if there is one.
 * @returns the new attempt's identity, or the id of the one under way
 * @throws DatabaseUnavailableError when it stays away; a row that exists all the same is ended by recovery, because nobody runs it
 */
export async function openAttempt(
  { tenants, vault, nodeId, mode, ...deps }: OpenAttemptDeps,
  { sessionId, visitorHash, isNew, phoneNumber, queued }: OpenAttemptInput,
): Promise<SessionIdentity | { sessionId: SessionId }> {
  const workspaceId = deps.workspaceId()
  let untold = false
  const store = async (tx: TenantTransactor) => {
    const own = untold ? await ownAttempt(tx, { sessionId, nodeId }, vault) : null
    if (own !== null) return own
    const underWay = isNew ? null : await attemptUnderWay(tx, visitorHash)
    if (underWay !== null) return { sessionId: underWay }
    const sealer = await vault.createSealer(tx, { workspaceId, sessionId })
    const fence = await openLease(tx, sessionId, nodeId)
    await insertAttempt(tx, {
      sessionId,
      visitorHash,
      nodeId,
      mode,
      method: phoneNumber === null ? 'qr' : 'code',
      phase: queued ? 'queued' : 'starting',
      expectedNumber: phoneNumber === null ? null : sealNumber(sealer, sessionId, phoneNumber),
    })
    return { workspaceId, sessionId, fence, sealer }
  }
  const deadline = performance.now() + patienceMs
  for (;;) {
    try {
      // whatever follows commits durably, this with it; a visitor whose attempt a crashed database forgot starts again
      return await tenants.transact({ workspaceId }, store, { hasty: true, deadlineMs: crowdMs })
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error
      untold ||= !error.certain
      if (!untold || performance.now() >= deadline) throw error
      await delay(retryMs)
    }
  }
}

/** What an earlier commit has stored although its answer was lost. */
async function ownAttempt(
  tx: TenantTransactor,
  { sessionId, nodeId }: { sessionId: SessionId; nodeId: string },
  vault: Vault,
): Promise<SessionIdentity | null> {
  const { workspaceId } = tx.scope
  const epoch = await ownedEpoch(tx, sessionId, nodeId)
  if (epoch === null) return null
  return {
    workspaceId,
    sessionId,
    fence: { nodeId, epoch },
    sealer: await vault.sealer(tx, { workspaceId, sessionId }),
  }
}

async function attemptUnderWay(tx: TenantTransactor, visitorHash: Buffer): Promise<SessionId | null> {
  await lockVisitor(tx, visitorHash)
  const latest = await latestAttempt(tx, visitorHash)
  return latest === null || hasEnded(latest.phase) ? null : latest.sessionId
}
