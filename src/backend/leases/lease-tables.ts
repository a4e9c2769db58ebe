import type { Generated } from 'kysely'

/** Who runs a session, over all tenants: ids only. */
export type SessionLeaseTable = {
  session_id: string
  workspace_id: string
  node_id: string
  /** Raised by every claim. A write by an older epoch is refused. */
  epoch: string
  wanted: boolean
  /** When its node gave it up. */
  released_at: Generated<Date | null>
  /** Raised when the session's outbox or its marks hold something that its node must see to. */
  bell: Generated<string>
}

declare module '../database/schema.js' {
  interface SystemSchema {
    session_leases: SessionLeaseTable
  }
  // a tenant's transaction checks the fence of its own session
  interface TenantSchema {
    session_leases: SessionLeaseTable
  }
}
