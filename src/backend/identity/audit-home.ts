import type { UserId, WorkspaceId } from '../../contract/ids.js'
import type { Tenants } from '../database/tenant-transaction.js'
import { membershipsOf } from './memberships.js'

export type AuditHomeDeps = {
  tenants: Pick<Tenants, 'asLogin' | 'read'>
  operator: () => { workspaceId: WorkspaceId }
}

/** The workspace in whose audit log stands what happens to a login itself: the one it joined first, the operator's for one without any. */
export async function auditHome({ tenants, operator }: AuditHomeDeps, userId: UserId): Promise<WorkspaceId> {
  const [place] = await membershipsOf(tenants, userId)
  return place?.workspaceId ?? operator().workspaceId
}
