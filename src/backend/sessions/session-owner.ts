import type { TenantScope } from '../database/tenant-transaction.js'
import { notYours } from '../http/refusals.js'

/** Holds what ends a session, gives it away or shows it to others to its owner. @throws GatewayError `forbidden` */
export function requireOwner({ userId }: TenantScope, { ownerId }: { ownerId: string }): void {
  if (userId !== undefined && userId !== ownerId) throw notYours()
}
