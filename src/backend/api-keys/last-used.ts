import { sql } from 'kysely'
import type { WorkspaceId } from '../../contract/ids.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { errorCode, type Log } from '../log.js'

export type LastUsedDeps = { tenants: Pick<Tenants, 'transact'>; log: Log; now?: () => number }

/** Notes when a key was used, at most once a minute for each, and keeps nobody waiting for it. */
export interface LastUsed extends AsyncDisposable {
  note(workspaceId: WorkspaceId, keyId: string): void
}

const everyMs = 60_000
/** More keys than this push the first ones out, which are then noted a little more often. */
const mostKept = 10_000

export function createLastUsed({ tenants, log, now = () => performance.now() }: LastUsedDeps): LastUsed {
  const noted = new Map<string, number>()
  const underWay = new Set<Promise<void>>()

  const store = async (workspaceId: WorkspaceId, keyId: string): Promise<void> => {
    try {
      await tenants.transact(
        { workspaceId },
        ({ db }) =>
          db
            .updateTable('api_keys')
            .set({ last_used_at: sql<Date>`clock_timestamp()` })
            .where('id', '=', keyId)
            // another node may have been first
            .where(sql<boolean>`coalesce(last_used_at < clock_timestamp() - interval '55 seconds', true)`)
            .execute(),
        { hasty: true },
      )
    } catch (error) {
      log.debug('key_use_not_noted', { code: errorCode(error) })
    }
  }

  return {
    note(workspaceId, keyId) {
      const time = now()
      if (time - (noted.get(keyId) ?? -Infinity) < everyMs) return
      noted.delete(keyId)
      noted.set(keyId, time)
      if (noted.size > mostKept) noted.delete(noted.keys().next().value ?? keyId)
      const work = store(workspaceId, keyId).finally(() => underWay.delete(work))
      underWay.add(work)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(underWay)
    },
  }
}
