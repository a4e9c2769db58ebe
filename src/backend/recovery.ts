import { sessionExists } from './sessions/sessions-store.js'
import type { Database } from './database/database.js'
import type { Tenants } from './database/tenant-transaction.js'
import { claimOrphans, leasesOf, type ClaimedSession } from './leases/session-leases.js'
import type { Linking } from './linking/linking.js'
import { errorCode, type Log } from './log.js'
import type { Sessions } from './sessions/sessions.js'
import type { Vault } from './vault/vault.js'

const sweepEveryMs = 2_000
const claimsPerSweep = 50

/**
 * What is this node's and does not run here is looked for so often, and taken for stranded when two looks in a row have found it. The time
 * between them is longer than a transaction may take: by then whatever was just ending, and had left its process first, has stored its end.
 */
const strandedEveryMs = 15_000

export type RecoveryDeps = {
  database: Database
  tenants: Tenants
  vault: Vault
  linking: Pick<Linking, 'has' | 'abandon'>
  sessions: Pick<Sessions, 'has' | 'resume'>
  nodeId: string
  log: Log
  strandedEveryMs?: number
}

/**
 * Takes over what lost nodes have left, and what this node owns untold, because the answer to a commit was lost: sessions are connected
 * again, attempts that never became one are ended.
 */
export interface Recovery extends AsyncDisposable {
  start(): Promise<void>
}

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { database, linking, sessions, nodeId, log } = deps
  const timers: NodeJS.Timeout[] = []
  let sweeping: Promise<void> = Promise.resolve()
  /** Claimed, not taken over yet. Nobody else will claim these, so each is tried again until it works. */
  let waiting: ClaimedSession[] = []
  /** Ids of this node's that the last look found without anybody running them. */
  let suspects = new Set<string>()

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
        // another node has it meanwhile
        if (errorCode(error) !== 'fenced') failed.push(claimed)
        log.warn('session_not_taken_over', { sessionId: claimed.sessionId, code: errorCode(error) })
      }
    }
    waiting = failed
  }

  const runsHere = ({ sessionId }: ClaimedSession) =>
    linking.has(sessionId) || sessions.has(sessionId) || waiting.some(claimed => claimed.sessionId === sessionId)

  const findStranded = async () => {
    try {
      const idle = (await leasesOf(database, nodeId)).filter(lease => !runsHere(lease))
      waiting.push(...idle.filter(({ sessionId }) => suspects.has(sessionId)))
      suspects = new Set(idle.map(({ sessionId }) => sessionId))
    } catch (error) {
      suspects.clear()
      log.warn('recovery_failed', { code: errorCode(error) })
    }
  }

  const every = (ms: number, work: () => Promise<void>) => {
    const timer = setInterval(() => {
      sweeping = sweeping.then(work)
    }, ms)
    timers.push(timer.unref())
  }

  return {
    async start() {
      await sweep()
      every(sweepEveryMs, sweep)
      every(deps.strandedEveryMs ?? strandedEveryMs, findStranded)
    },
    async [Symbol.asyncDispose]() {
      timers.forEach(clearInterval)
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
