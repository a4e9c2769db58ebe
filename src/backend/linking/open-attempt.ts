import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { SessionId, WorkspaceId } from '../../contract/ids.js'
import { audit } from '../audit/audit.js'
import { DatabaseUnavailableError } from '../database/database-errors.js'
import type { TenantScope, Tenants, TenantTransactor } from '../database/tenant-transaction.js'
import { hasLease, openLease, ownedEpoch } from '../leases/session-leases.js'
import type { SessionIdentity } from '../sessions/session-identity.js'
import type { Vault } from '../vault/vault.js'
import { nameCell } from './attempt-cells.js'
import { findAttempt, latestAttempt } from './attempts-reading.js'
import { insertAttempt, lockId, lockVisitor } from './attempts-store.js'
import { sessionIdTaken } from './errors.js'
import { sealNumber } from './expected-number.js'
import { hasEnded } from './link-phase.js'
import type { LinkPlan, LinkStarter } from './link-plan.js'
import { requireRoom } from './session-limit.js'

/** A visitor waits this long for a database that went away in the middle. */
const patienceMs = 5_000

/** Hundreds who start at once wait for their turn at the database rather than be sent away. */
const crowdMs = 20_000
const retryMs = 250

export type OpenAttemptDeps = {
  tenants: Tenants
  vault: Vault
  nodeId: string
  /** Of visitors. */
  workspaceId: () => WorkspaceId
  maxSessionsPerUser: number
}

export type OpenAttemptInput = {
  sessionId: SessionId
  /** In the queue. */
  placeId: SessionId
  starter: LinkStarter
  plan: LinkPlan
  /** It waits for its turn. */
  queued: boolean
}

/**
 * Stores a new attempt with its lease and its data key; one that the browser has under way already, or a member under this id, on
 * whichever node, is left as the only one.
 * When the answer to the commit is lost it asks again, and finds its own row if there is one.
 * @returns the new attempt's identity, or the id of the one under way
 * @throws GatewayError `session_id_taken`, `session_limit`
 * @throws DatabaseUnavailableError when it stays away; a row that exists all the same is ended by recovery, because nobody runs it
 */
export async function openAttempt(
  { tenants, vault, nodeId, maxSessionsPerUser, ...deps }: OpenAttemptDeps,
  { sessionId, placeId, starter, plan, queued }: OpenAttemptInput,
): Promise<SessionIdentity | { sessionId: SessionId }> {
  const isMembers = 'scope' in starter
  // a link is the engine's to run: it acts for the workspace, and belongs to the member
  const { workspaceId, userId } = isMembers ? starter.scope : { workspaceId: deps.workspaceId(), userId: undefined }
  let untold = false
  const store = async (tx: TenantTransactor) => {
    const own = untold ? await ownAttempt(tx, { sessionId, nodeId }, vault) : null
    if (own !== null) return own
    const underWay = await attemptUnderWay(tx, sessionId, starter)
    if (underWay !== null) return { sessionId: underWay }
    if (userId !== undefined) await requireRoom(tx, userId, maxSessionsPerUser)
    const sealer = await vault.createSealer(tx, { workspaceId, sessionId })
    const fence = await openLease(tx, sessionId, nodeId)
    await insertAttempt(tx, {
      sessionId,
      // nobody has a cookie of this hash
      visitorHash: isMembers ? randomBytes(32) : starter.visitorHash,
      nodeId,
      placeId,
      startedBy: isMembers ? 'service' : 'visitor',
      ownerId: userId,
      mode: plan.mode,
      method: plan.method,
      deliver: plan.deliver,
      phase: queued ? 'queued' : 'starting',
      expectedNumber: plan.phoneNumber === null ? null : await sealNumber(tx, sealer, sessionId, plan.phoneNumber),
      name: plan.name === null ? null : await sealer.seal(tx, nameCell(sessionId), Buffer.from(plan.name)),
    })
    const { method, mode, deliver } = plan
    const who = isMembers ? starter.scope : visitorScope(workspaceId, starter.address ?? null)
    await audit(tx, { action: 'session.link', target: sessionId, detail: { method, mode, deliver } }, who)
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

const visitorScope = (workspaceId: WorkspaceId, address: string | null): TenantScope => ({
  workspaceId,
  by: { kind: 'visitor', ...(address !== null && { address }) },
})

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

function attemptUnderWay(tx: TenantTransactor, sessionId: SessionId, starter: LinkStarter): Promise<SessionId | null> {
  if ('scope' in starter) return membersAttempt(tx, sessionId)
  return starter.isNew ? Promise.resolve(null) : visitorsAttempt(tx, starter.visitorHash)
}

/** An id is used once: what nodes remember of an attempt that has ended would be wrong for another one. */
async function membersAttempt(tx: TenantTransactor, sessionId: SessionId): Promise<SessionId | null> {
  await lockId(tx, sessionId)
  const known = await findAttempt(tx, sessionId)
  if (known?.startedBy === 'service' && !hasEnded(known.phase)) return sessionId
  if (known !== null || (await hasLease(tx, sessionId))) throw sessionIdTaken()
  return null
}

async function visitorsAttempt(tx: TenantTransactor, visitorHash: Buffer): Promise<SessionId | null> {
  await lockVisitor(tx, visitorHash)
  const latest = await latestAttempt(tx, visitorHash)
  return latest === null || hasEnded(latest.phase) ? null : latest.sessionId
}
