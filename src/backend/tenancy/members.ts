import type { Role } from '../../contract/access.js'
import type { UserId, WorkspaceId } from '../../contract/ids.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { createShortMemory } from '../short-memory.js'

/** How long a change of somebody's place may go unseen where its wake-up was lost. */
const forMs = 5_000

export type MembersDeps = {
  tenants: Pick<Tenants, 'read'>
  /** Woken by the id of the login whose place has changed. */
  wakeups: { subscribe(userId: string, wake: () => void): () => void }
}

/** Looks up a member of a workspace; `null` for whoever has no place there, or is suspended. */
export type FindMember = (workspaceId: WorkspaceId, userId: UserId) => Promise<{ role: Role } | null>

export function createFindMember({ tenants, wakeups }: MembersDeps): FindMember {
  const userOf = (key: string): string => key.slice(key.indexOf(' ') + 1)
  const memory = createShortMemory({
    forMs,
    subscribe: (key, changed) => wakeups.subscribe(userOf(key), changed),
    async load(key) {
      const workspaceId = key.slice(0, key.indexOf(' ')) as WorkspaceId
      const found = await tenants.read({ workspaceId }, ({ db }) =>
        db
          .selectFrom('app_users')
          .select('role')
          .where('id', '=', userOf(key))
          .where('suspended_at', 'is', null)
          .executeTakeFirst(),
      )
      return found ?? null
    },
  })
  return (workspaceId, userId) => memory.get(`${workspaceId} ${userId}`.toLowerCase())
}
