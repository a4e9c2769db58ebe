import { setTimeout as delay } from 'node:timers/promises'
import type { WorkspaceId } from '../contract/ids.js'
import type { TenantTransactor, Tenants } from './database/tenant-transaction.js'
import { forgetJournalled } from './engine/journal-age.js'
import { errorCode, type Log } from './log.js'
import { clearSettled } from './outbox/clear-settled.js'
import { forgetCommands, forgetOwnChats } from './own-chat/own-chat-store.js'

const defaultEveryMs = 60 * 60 * 1_000

/** Rows of one transaction: few enough to be in nobody's way. */
const atOnce = 500

type Step = (tx: TenantTransactor, limit: number) => Promise<number>

const steps: readonly Step[] = [forgetCommands, forgetOwnChats, forgetJournalled, clearSettled]

export type ClearAwayDeps = { tenants: Tenants; log: Log; everyMs?: number }

/** Clears away what messages leave behind and nobody needs any more: at the start and every hour, on every node, a few rows at a time. */
export interface ClearAway extends AsyncDisposable {
  start(): void
}

export function createClearAway({ tenants, log, everyMs = defaultEveryMs }: ClearAwayDeps): ClearAway {
  const stopping = new AbortController()
  const { signal } = stopping
  let working: Promise<void> = Promise.resolve()

  const clear = async (workspaceId: WorkspaceId, step: Step) => {
    for (let count = atOnce; count === atOnce && !signal.aborted;)
      count = await tenants.transact({ workspaceId }, tx => step(tx, atOnce), { hasty: true })
  }

  const work = async () => {
    while (!signal.aborted) {
      try {
        for (const workspaceId of await tenants.allIds()) for (const step of steps) await clear(workspaceId, step)
      } catch (error) {
        log.warn('not_cleared_away', { code: errorCode(error) })
      }
      await delay(everyMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  return {
    start() {
      working = work()
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await working
    },
  }
}
