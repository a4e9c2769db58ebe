import { sessionExists } from './sessions/sessions-store.js'
import type { Database } from './database/database.js'
import type { Tenants } from './database/tenant-transaction.js'
import { claimOrphans, type ClaimedSession } from './leases/session-leases.js'
import type { Linking } from './linking/linking.js'
import { errorCode, type Log } from './log.js'
import type { Sessions } from './sessions/sessions.js'
import type { Vault } from './vault/vault.js'

const sweepEveryMs = 2_000
const claimsPerSweep = 50

export type RecoveryDeps = {
  database: Database
  tenants: Tenants
  vault: Vault
  linking: Linking
  sessions: Sessions
  nodeId: string
  log: Log
}

/** Takes over what lost nodes have left: sessions are connected again, attempts that never became one are ended. */
export interface Recovery extends AsyncDisposable {
  start(): Promise<void>
}

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { database, nodeId, log } = deps
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> = Promise.resolve()
  /** Claimed, not taken over yet. Nobody else will claim these, so each is tried again until it works. */
  let waiting: ClaimedSession[] = []

  const sweep = async () => {
    try {
      waiting.push(...(await claimOrphans(database, nodeId, claimsPerSweep)))
    } catch (error) {
      log.warn('recovery_failed', { code: errorCode(error) })
    }
    const failed: ClaimedSession[] = []
    for (const claimed of waiting) {
      try {
        await takeOver(deps, claimed)
      } catch (error) {
        failed.push(claimed)
        log.warn('session_not_taken_over', { sessionId: claimed.sessionId, code: errorCode(error) })
      }
    }
    waiting = failed
  }

  return {
    async start() {
      await sweep()
      timer = setInterval(() => {
        sweeping = sweeping.then(sweep)
      }, sweepEveryMs)
      timer.unref()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await sweeping
    },
  }
}

async function takeOver(
  { tenants, vault, linking, sessions, log }: RecoveryDeps,
  claimed: ClaimedSession,
): Promise<void> {
  const { workspaceId, sessionId, fence } = claimed
  const sealer = await tenants.read({ workspaceId }, async tx =>
    (await sessionExists(tx, sessionId)) ? vault.sealer(tx, { workspaceId, sessionId }) : null,
  )
  log.info(sealer === null ? 'attempt_abandoned' : 'session_taken_over', { sessionId, epoch: Number(fence.epoch) })
  if (sealer === null) await linking.abandon(claimed)
  else sessions.resume({ workspaceId, sessionId, fence, sealer })
}
