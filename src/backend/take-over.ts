import type { SessionId, WorkspaceId } from '../contract/ids.js'
import type { Tenants } from './database/tenant-transaction.js'
import type { ClaimedSession } from './leases/session-leases.js'
import type { Linking } from './linking/linking.js'
import { errorCode, type Log } from './log.js'
import type { Sessions } from './sessions/sessions.js'
import { existingSessions } from './sessions/sessions-store.js'
import type { Sealer } from './vault/sealer.js'
import { VaultError } from './vault/vault-error.js'
import type { Vault } from './vault/vault.js'

export type TakeOverDeps = {
  tenants: Tenants
  vault: Vault
  linking: Pick<Linking, 'abandon'>
  sessions: Pick<Sessions, 'resume' | 'restDamaged' | 'restPutAway'>
  log: Log
}

/** Sessions of one workspace whose data keys are read in one transaction. */
const together = 50

/** A key that does not open is not asked for again before that: only somebody who mends it changes anything. */
const damagedPauseMs = 60_000

/** `notBefore`: by `performance.now()`; it was tried before, and not even its end could be stored. */
export type ToTakeOver = ClaimedSession & { notBefore?: number }

/** An attempt that never became a session has no key; the one of a session in quarantine is not asked for. */
type Found = { claimed: ToTakeOver; key: Sealer | 'none' | 'damaged' | 'put_away' }

/**
 * Connects what this node has claimed, in the order given, and ends what was no session yet.
 * @returns what has to be tried again, because the database did not answer
 */
export async function takeOver(deps: TakeOverDeps, claimed: readonly ToTakeOver[]): Promise<ToTakeOver[]> {
  const now = performance.now()
  const isDue = ({ notBefore = now }: ToTakeOver) => notBefore <= now
  const failed = claimed.filter(each => !isDue(each))
  for (const batch of batches(claimed.filter(isDue))) {
    try {
      for (const found of await read(deps, batch)) await begin(deps, found, failed)
    } catch (error) {
      failed.push(...batch)
      deps.log.warn('sessions_not_taken_over', { count: batch.length, code: errorCode(error) })
    }
  }
  return failed
}

/** In the order of each batch's first, so that what is urgent does not wait for another workspace. */
function batches(claimed: readonly ToTakeOver[]): ToTakeOver[][] {
  const open = new Map<WorkspaceId, ToTakeOver[]>()
  const all: ToTakeOver[][] = []
  for (const session of claimed) {
    const batch = open.get(session.workspaceId)
    if (batch !== undefined && batch.length < together) batch.push(session)
    else {
      const next = [session]
      open.set(session.workspaceId, next)
      all.push(next)
    }
  }
  return all
}

function read({ tenants, vault }: TakeOverDeps, batch: readonly ToTakeOver[]): Promise<Found[]> {
  const workspaceId = batch[0]?.workspaceId
  if (workspaceId === undefined) return Promise.resolve([])
  return tenants.read({ workspaceId }, async tx => {
    const sessions = await existingSessions(
      tx,
      batch.map(({ sessionId }) => sessionId),
    )
    const keyOf = async (sessionId: SessionId) => {
      const session = sessions.get(sessionId)
      if (session === undefined) return 'none'
      if (session.putAway) return 'put_away'
      try {
        return await vault.sealer(tx, { workspaceId, sessionId })
      } catch (error) {
        // no repetition opens a key that does not open
        if (error instanceof VaultError) return 'damaged'
        throw error
      }
    }
    const found: Found[] = []
    for (const claimed of batch) found.push({ claimed, key: await keyOf(claimed.sessionId) })
    return found
  })
}

async function begin(
  { linking, sessions, log }: TakeOverDeps,
  { claimed, key }: Found,
  failed: ToTakeOver[],
): Promise<void> {
  const { workspaceId, sessionId, fence, priority, notBefore } = claimed
  const isNew = notBefore === undefined
  if (isNew || typeof key === 'object')
    log.info(key === 'none' ? 'attempt_abandoned' : 'session_taken_over', { sessionId, epoch: Number(fence.epoch) })
  if (typeof key === 'object') return sessions.resume({ workspaceId, sessionId, fence, sealer: key }, priority)
  try {
    if (key === 'none') await linking.abandon(claimed)
    else if (key === 'damaged') await sessions.restDamaged(claimed)
    else await sessions.restPutAway(claimed)
  } catch (error) {
    const code = errorCode(error)
    // where the workspace's own key is damaged too, nothing can be stored of it
    if (error instanceof VaultError) failed.push({ ...claimed, notBefore: performance.now() + damagedPauseMs })
    // another node has it meanwhile
    else if (code !== 'fenced') failed.push(claimed)
    if (isNew) log.warn('session_not_taken_over', { sessionId, code })
  }
}
